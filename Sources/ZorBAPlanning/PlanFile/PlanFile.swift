package import ZorBAFederation

/// A plan as it is handed around: the assignment, what it promises and what it was made from.
///
/// Only the assignment decides anything; the rest is there for people and for comparisons.
package struct PlanFile: Sendable, Equatable {
  /// The sites by name, in the order of the rows; nil in files that name none.
  package var clients: [String]?
  /// Who trains which blocks.
  package var plan: ActivationPlan
  /// The policy that made the plan.
  package var policy: String?
  /// The tolerances between the stages of the choice.
  package var epsilon: [Double] = []
  /// What the plan does to convergence. [blocks]
  package var convergence: ConvergenceTerms?
  /// What each stage reached, with its bound.
  package var stages: [PlanningOutcome.StageResult] = []
  /// Bytes at the peak of a round. [clients]
  package var memoryBytes: [Double] = []
  /// Seconds of a round. [clients]
  package var seconds: [Double] = []
  /// Bytes a round on the wire. [clients]
  package var wireBytes: [Double] = []
  /// What was known of the gradients.
  package var sensitivity: BlockSensitivity?

  package static let format = "zorba-plan"
  package static let version = 1
  /// Bytes that a plan file may have.
  package static let maximumByteCount = 1 << 25
  /// Rounds that a matrix may stay in force: as many as a run may have.
  package static let maximumWindow = 1_000_000_000

  package init(clients: [String]?, plan: ActivationPlan, policy: String? = nil) {
    self.clients = clients
    self.plan = plan
    self.policy = policy
  }

  /// A policy's plan with everything the policy says of it.
  package init(
    clients: [String], policy: Policy, outcome: PolicyOutcome, problem: PlanningProblem? = nil,
    wireBytes: [Double] = []
  ) {
    self.init(clients: clients, plan: outcome.plan, policy: policy.rawValue)
    self.wireBytes = wireBytes
    if let solved = outcome.solved {
      convergence = solved.convergence
      stages = solved.stages
      memoryBytes = solved.memory
      seconds = solved.seconds
      epsilon = problem?.epsilon ?? []
    } else if let problem {
      memoryBytes = Self.worst(problem, outcome.plan) { $0.memory($1) }
      seconds = Self.worst(problem, outcome.plan) { $0.seconds($1) }
    }
    sensitivity = problem?.convergence.sensitivity
  }

  /// The most demanding matrix of a cycle, site by site. [clients]
  private static func worst(
    _ problem: PlanningProblem, _ plan: ActivationPlan, _ cost: (SiteCosts, [Bool]) -> Double
  ) -> [Double] {
    problem.sites.enumerated().map { client, site in
      plan.cycle.map { cost(site, $0.rows[client]) }.max() ?? 0
    }
  }
}
