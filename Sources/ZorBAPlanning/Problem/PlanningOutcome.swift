package import ZorBAFederation

/// A plan, what it promises, and how far from the best it can be at most.
package struct PlanningOutcome: Sendable {
  /// What one stage of the lexicographic choice reached.
  package struct StageResult: Sendable, Equatable {
    package var stage: PlanningProblem.Stage
    /// The stage's own objective: Gamma, bytes over all sites, or seconds of the slowest.
    package var value: Double
    /// No plan within the limits of the earlier stages is below this; nil where no bound is known.
    package var lowerBound: Double?
    /// Whether the search was exhausted: value and bound are the same then.
    package var isProvenOptimal: Bool

    package init(
      stage: PlanningProblem.Stage, value: Double, lowerBound: Double?, isProvenOptimal: Bool
    ) {
      self.stage = stage
      self.value = value
      self.lowerBound = lowerBound
      self.isProvenOptimal = isProvenOptimal
    }

    /// (value - bound) / value; 0 when both are 0, nil where there is no bound.
    package var gap: Double? {
      lowerBound.map { value == 0 ? 0 : max(0, (value - $0) / value) }
    }
  }

  /// The assignment, or the cycle of them.
  package var plan: ActivationPlan
  /// The convergence terms of the plan that was chosen in the end.
  package var convergence: ConvergenceTerms
  /// The stages, in the order in which they were decided.
  package var stages: [StageResult]
  /// Bytes at the peak of the most demanding round. [clients]
  package var memory: [Double]
  /// Seconds of the slowest round. [clients]
  package var seconds: [Double]
  /// The groups that the plan keeps to; nil without the rule.
  package var grouping: Grouping?

  package init(
    plan: ActivationPlan, convergence: ConvergenceTerms, stages: [StageResult], memory: [Double],
    seconds: [Double]
  ) {
    self.plan = plan
    self.convergence = convergence
    self.stages = stages
    self.memory = memory
    self.seconds = seconds
  }

  /// Whether every stage was solved to the end.
  package var isProvenOptimal: Bool { stages.allSatisfy(\.isProvenOptimal) }
}
