package import ZorBAFederation

/// How a run decides who trains which blocks: functions of one input, so that they can be compared.
package enum Policy: String, Sendable, CaseIterable {
  /// Everybody trains everything.
  case full
  /// Drawn at random, anew every window.
  case random
  /// A window of blocks at each client that slides along the depth.
  case roundRobin = "round_robin"
  /// The depth cut into stretches, one a client, for good.
  case contiguous
  /// The blocks with the largest gradients, as many as fit.
  case dominant
  /// The planner's choice: convergence, then memory, then time.
  case lexicographic

  /// Whether the policy asks what is known of gradients, so that better estimates change its plan.
  package var needsEstimates: Bool { self == .dominant || self == .lexicographic }

  /// Whether the policy heeds demands on single blocks: required, forbidden, trained together.
  package var heedsDemands: Bool { self == .lexicographic }

  /// Makes the plan. Equal inputs give equal plans, on every machine.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when no plan keeps within capacities
  ///   and covers every block, naming the blocks and what would do.
  package func plan(_ input: PolicyInput) throws -> PolicyOutcome {
    try input.requireRoom()
    if let size = input.groupSize {
      return try GroupedPolicy(policy: self, input: input, size: size).outcome()
    }
    return switch self {
    case .full: PolicyOutcome(plan: try FullPolicy.plan(input))
    case .random: PolicyOutcome(plan: try RandomPolicy.plan(input))
    case .roundRobin: PolicyOutcome(plan: try RoundRobinPolicy.plan(input))
    case .contiguous: PolicyOutcome(plan: try ContiguousPolicy.plan(input))
    case .dominant: PolicyOutcome(plan: try DominantPolicy.plan(input))
    case .lexicographic: try LexicographicPolicy.plan(input)
    }
  }
}

/// A policy's plan, with the proof where the policy gives one.
package struct PolicyOutcome: Sendable {
  package var plan: ActivationPlan
  /// What the planner says of its plan; nil for the other policies.
  package var solved: PlanningOutcome?

  package init(plan: ActivationPlan, solved: PlanningOutcome? = nil) {
    self.plan = plan
    self.solved = solved
  }
}
