/// What is minimised, and what must hold besides.
struct SearchGoal: Sendable {
  enum Objective: Sendable {
    case gamma
    case memory
  }

  var objective = Objective.gamma
  /// Gamma at most.
  var gammaLimit = Double.infinity
  /// Bytes over all clients at most.
  var memoryLimit = Double.infinity

  /// Whether the limits hold.
  func accepts(gamma: Double, memory: Double) -> Bool {
    gamma <= gammaLimit * (1 + SearchSpace.tolerance)
      && memory <= memoryLimit * (1 + SearchSpace.tolerance)
  }

  func accepts(_ state: CycleState) -> Bool { accepts(gamma: state.gamma, memory: state.memory) }

  /// Whether the first pair is better than the second: by the objective, then by the other one.
  func isBetter(
    _ first: (gamma: Double, memory: Double), _ second: (gamma: Double, memory: Double)
  ) -> Bool {
    switch objective {
    case .gamma: return first.gamma < second.gamma
    case .memory:
      let slack = SearchSpace.tolerance * max(1, abs(second.memory))
      if first.memory < second.memory - slack { return true }
      return first.memory <= second.memory + slack && first.gamma < second.gamma
    }
  }

  func isBetter(_ state: CycleState, _ found: FoundCycle) -> Bool {
    isBetter((state.gamma, state.memory), (found.gamma, found.memory))
  }

  func isBetter(_ first: FoundCycle, _ second: FoundCycle) -> Bool {
    isBetter((first.gamma, first.memory), (second.gamma, second.memory))
  }
}

/// A cycle that a search came upon.
struct FoundCycle: Sendable {
  /// [cycle][clients, units]
  var rows: [[[Bool]]]
  var gamma: Double
  /// Peak bytes summed over clients.
  var memory: Double

  init(_ state: CycleState) {
    rows = state.rows
    gamma = state.gamma
    memory = state.memory
  }
}
