import ZorBADiagnostics
import ZorBAFederation

/// The stages of a plan, one after the other.
struct LexicographicChoice {
  private let problem: PlanningProblem
  private let search: PlanSearch
  private let starts: [CycleState]
  /// What the first stage came to; it does not depend on any epsilon.
  private var first: (found: FoundCycle, result: PlanningOutcome.StageResult)?

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when no plan is feasible.
  init(_ problem: PlanningProblem, effort: Planner.Effort) throws {
    self.problem = problem
    let search = PlanSearch(problem, effort: effort)
    let coverage = Coverage(search.space)
    var base = Array(repeating: coverage.rows, count: search.length)
    if !coverage.isFeasible {
      guard let rows = Self.otherStart(search, coverage) else {
        throw Infeasibility(problem, coverage).error
      }
      base = rows
    }
    self.search = search
    // Different moves from the same start; very large instances get one long search.
    let count = problem.clientCount * problem.blockCount > 4000 ? 1 : 3
    starts = (0..<count).map { _ in
      CycleState(search.space, rows: base)
    }
  }

  /// A start where covering every block in one pass of exchanges failed.
  private static func otherStart(_ search: PlanSearch, _ coverage: Coverage) -> [[[Bool]]]? {
    if search.space.allowsResting {
      return RestingStart.rows(
        search.space, length: search.length, leastTrained: search.leastTrained)
    }
    guard !coverage.isExact, coverage.impossible.isEmpty else { return nil }
    return search.anyPlan(SearchGoal()).found.map {
      Array(repeating: $0.rows[0], count: search.length)
    }
  }

  /// Runs the stages.
  ///
  /// - Parameter firstEpsilon: Replaces the problem's first epsilon.
  mutating func outcome(firstEpsilon: Double? = nil) throws -> PlanningOutcome {
    var epsilon = problem.epsilon
    if let firstEpsilon, !epsilon.isEmpty { epsilon[0] = firstEpsilon }
    var goal = SearchGoal()
    var current: FoundCycle?
    var results: [PlanningOutcome.StageResult] = []
    var timeLimit = search.space.timeLimit
    for (index, stage) in problem.stages.enumerated() {
      let reached: (found: FoundCycle, result: PlanningOutcome.StageResult)
      if index == 0, let first {
        reached = first
      } else {
        reached = try run(stage, goal: goal, from: current, timeLimit: timeLimit)
        if index == 0 { first = reached }
      }
      current = reached.found
      results.append(reached.result)
      let slack = 1 + (index < epsilon.count ? epsilon[index] : 0)
      switch stage {
      case .convergence: goal.gammaLimit = slack * reached.result.value
      case .memory: goal.memoryLimit = slack * reached.result.value
      case .time: timeLimit = min(timeLimit, slack * reached.result.value)
      }
    }
    guard let current else {
      throw ZorBAError(
        .invalidConfiguration, "a plan needs at least one stage", at: .init(field: "stages"),
        advice: "List convergence, memory or time.")
    }
    return try outcome(of: current, stages: results)
  }

  private func run(
    _ stage: PlanningProblem.Stage, goal: SearchGoal, from current: FoundCycle?,
    timeLimit: Double
  ) throws -> (found: FoundCycle, result: PlanningOutcome.StageResult) {
    let search =
      timeLimit < self.search.space.timeLimit
      ? self.search.within(seconds: timeLimit) : self.search
    let starts = current.map { [CycleState(search.space, rows: $0.rows)] } ?? self.starts
    var goal = goal
    switch stage {
    case .convergence, .memory:
      goal.objective = stage == .convergence ? .gamma : .memory
      let outcome = search.minimise(goal, starts: starts)
      guard let found = outcome.found ?? current else { throw Self.nothingFound }
      let value = stage == .convergence ? found.gamma : found.memory
      return (
        found,
        .init(
          stage: stage, value: value, lowerBound: min(value, outcome.lowerBound),
          isProvenOptimal: outcome.isProven)
      )
    case .time:
      guard let start = current ?? search.minimise(goal, starts: starts).found else {
        throw Self.nothingFound
      }
      let (found, outcome) = TimeStage(search: search, goal: goal).minimise(from: start)
      let value = CycleState(search.space, rows: found.rows).seconds.max() ?? 0
      return (
        found,
        .init(
          stage: stage, value: value, lowerBound: min(value, outcome.lowerBound),
          isProvenOptimal: outcome.isProven)
      )
    }
  }

  private static var nothingFound: ZorBAError {
    ZorBAError(
      .invalidConfiguration, "no plan was found within the limits",
      at: .init(field: "epsilon"), advice: "Allow more: raise epsilon, budgets or the deadline.")
  }

  private func outcome(
    of found: FoundCycle, stages: [PlanningOutcome.StageResult]
  ) throws -> PlanningOutcome {
    let space = search.space
    let state = CycleState(space, rows: found.rows)
    let cycle = found.rows.map { space.blockRows($0) }
    let memory = (0..<space.clientCount).map { client in
      cycle.reduce(0) { max($0, space.sites[client].memory($1[client])) }
    }
    return PlanningOutcome(
      plan: ActivationPlan(
        cycle: try cycle.map { try ActivationMatrix(rows: $0, mayRest: true) },
        window: problem.rotation.length == 1 ? 1 : problem.rotation.window),
      convergence: problem.convergence.terms(cycle: cycle, window: problem.rotation.window),
      stages: stages, memory: memory, seconds: state.seconds)
  }
}
