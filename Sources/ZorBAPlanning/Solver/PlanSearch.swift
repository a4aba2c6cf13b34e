/// Minimises one objective under limits: annealing for a plan, a relaxation for its bound, and branch and
/// bound to close the gap where the instance is small.
struct PlanSearch: Sendable {
  /// What the cycle's Gamma is made of; omega is lambda tau for a cycle.
  let space: SearchSpace
  /// What every single matrix of the cycle is bounded by.
  let kernel: SearchSpace
  let length: Int
  let leastTrained: Int
  let effort: Planner.Effort

  private static let movesAnEntry = 10_000

  struct Outcome: Sendable {
    var found: FoundCycle?
    var lowerBound: Double
    var isProven: Bool
  }

  init(_ problem: PlanningProblem, effort: Planner.Effort) {
    let rotation = problem.rotation
    length = rotation.length
    let rests = problem.minimumClients == 0 || (length > 1 && rotation.minimumShare < 1)
    let omega =
      length == 1 ? 1 : problem.convergence.varianceWeight * Double(rotation.window)
    space = SearchSpace(problem, biasWeight: omega, allowsResting: rests)
    kernel = SearchSpace(problem, biasWeight: min(1, omega), allowsResting: rests)
    leastTrained =
      problem.minimumClients == 0
      ? 0 : Int((rotation.minimumShare * Double(length)).rounded(.up))
    self.effort = effort
  }

  private init(_ other: PlanSearch, timeLimit: Double) {
    var space = other.space
    var kernel = other.kernel
    space.timeLimit = timeLimit
    space.forbidWhatCannotBe()
    kernel.timeLimit = timeLimit
    kernel.forbidWhatCannotBe()
    self.space = space
    self.kernel = kernel
    length = other.length
    leastTrained = other.leastTrained
    effort = other.effort
  }

  /// The same search with shorter rounds.
  func within(seconds: Double) -> PlanSearch {
    PlanSearch(self, timeLimit: min(space.timeLimit, seconds))
  }

  /// The best plan found and a bound on all.
  ///
  /// - Parameter starts: Cycles to improve on, each within the hard limits.
  func minimise(
    _ goal: SearchGoal, starts: [CycleState], stopsAtFirst: Bool = false
  ) -> Outcome {
    var best: FoundCycle?
    // A small instance is searched through long before the moves are used up.
    let entries = space.clientCount * space.unitCount * length
    let share = max(1, min(effort.moves, Self.movesAnEntry * entries) / max(1, starts.count))
    for (index, start) in starts.enumerated() {
      var search = LocalSearch(
        goal: goal, moves: share, seed: effort.seed &+ UInt64(index) &* 7919,
        leastTrained: leastTrained)
      guard let found = search.improve(start) else { continue }
      if best.map({ goal.isBetter(found, $0) }) ?? true { best = found }
      if stopsAtFirst { return Outcome(found: best, lowerBound: -.infinity, isProven: false) }
    }
    var bound = LowerBound(space: kernel, steps: effort.boundSteps).value(goal)
    if bound == .infinity, best == nil { return Outcome(lowerBound: bound, isProven: true) }
    let value = best.map { goal.objective == .gamma ? $0.gamma : $0.memory }
    if let value {
      bound = min(bound, value)
      // The bound has met the plan: nothing is left to search.
      if value - bound <= SearchSpace.tolerance * abs(value) {
        return Outcome(found: best, lowerBound: value, isProven: true)
      }
    }
    if length > 1 {
      bound = max(bound, kernelBound(goal).map { min($0, value ?? .infinity) } ?? bound)
      let isMet = value.map { $0 - bound <= SearchSpace.tolerance * abs($0) } ?? false
      return Outcome(found: best, lowerBound: bound, isProven: isMet)
    }
    if let exact = exact(goal, incumbent: best, stopsAtFirst: stopsAtFirst) {
      if exact.isExhausted {
        let value = exact.best.map { goal.objective == .gamma ? $0.gamma : $0.memory }
        return Outcome(found: exact.best, lowerBound: value ?? .infinity, isProven: true)
      }
      best = exact.best
      bound = max(bound, exact.lowerBound)
    }
    return Outcome(found: best, lowerBound: bound, isProven: false)
  }

  /// Some assignment within the limits, by exhaustive search where the instance is small enough; for
  /// when chains of exchanges (`Coverage`) found none, which decides nothing for units of unequal size.
  func anyPlan(_ goal: SearchGoal) -> Outcome {
    guard let exact = exact(goal, incumbent: nil, stopsAtFirst: true) else {
      return Outcome(lowerBound: -.infinity, isProven: false)
    }
    return Outcome(
      found: exact.best, lowerBound: exact.lowerBound,
      isProven: exact.isExhausted || exact.best != nil)
  }

  /// The least Gamma of a single matrix, with the bias weight of the cycle: no cycle is below the mean of
  /// its matrices. nil where that cannot be had.
  private func kernelBound(_ goal: SearchGoal) -> Double? {
    guard goal.objective == .gamma, isSmall else { return nil }
    let coverage = Coverage(kernel)
    guard coverage.isFeasible else { return nil }
    var search = LocalSearch(
      goal: goal,
      moves: min(effort.moves / 8, Self.movesAnEntry * space.clientCount * space.unitCount),
      seed: effort.seed)
    let start = search.improve(CycleState(kernel, rows: [coverage.rows]))
    return exact(goal, space: kernel, incumbent: start, stopsAtFirst: false)?.lowerBound
  }

  /// Whether columns are few enough to be listed again and again.
  private var isSmall: Bool { space.clientCount <= 10 && space.unitCount <= 12 }

  private func exact(
    _ goal: SearchGoal, space: SearchSpace? = nil, incumbent: FoundCycle?, stopsAtFirst: Bool
  ) -> ExactSearch.Result? {
    let space = space ?? self.space
    let columns = 1 << min(space.clientCount, 62)
    guard isSmall, let classes = ClientClasses(kernel, maximumColumns: columns)
    else { return nil }
    let nodes = effort.work / (columns * space.unitCount)
    guard nodes > 0 else { return nil }
    let alpha = LowerBound(space: kernel, steps: effort.boundSteps).alpha(classes)
    var search = ExactSearch(
      space, goal: goal, incumbent: incumbent, nodes: nodes, boundSteps: effort.boundSteps / 2,
      alpha: min(alpha, 0.35), stopsAtFirst: stopsAtFirst)
    return search?.run()
  }
}
