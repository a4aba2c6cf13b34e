import ZorBADiagnostics
import ZorBAFederation

/// Chooses who trains which blocks, stage by stage, and proves how good the choice is.
package struct Planner: Sendable {
  /// How much work the search may do; the same effort gives the same plan on every machine.
  package struct Effort: Sendable, Equatable {
    /// Nodes of the exact search, for each stage, before it settles for a gap.
    package var nodes: Int
    /// Moves that the local search tries, for each stage.
    package var moves: Int
    /// Steps that the lower bound takes.
    package var boundSteps: Int
    /// Where the local search starts from.
    package var seed: UInt64

    package init(
      nodes: Int = 2_000_000, moves: Int = 2_000_000, boundSteps: Int = 300, seed: UInt64 = 1
    ) {
      self.nodes = nodes
      self.moves = moves
      self.boundSteps = boundSteps
      self.seed = seed
    }

    /// Seconds on an ordinary machine.
    package static let standard = Effort()
  }

  /// A plan at one tolerance: what giving up convergence buys.
  package struct FrontPoint: Sendable {
    /// The share of Gamma given up for memory and time.
    package var epsilon: Double
    package var outcome: PlanningOutcome
  }

  package let problem: PlanningProblem
  package let effort: Effort

  package init(_ problem: PlanningProblem, effort: Effort = .standard) {
    self.problem = problem
    self.effort = effort
  }

  /// The plan, with a bound for every stage.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when no plan is feasible, naming the
  ///   blocks that cannot be covered and the least budgets that would do.
  package func solve() throws -> PlanningOutcome {
    // Replaced by the real search: the largest rows that fit.
    let rows = problem.sites.enumerated().map { client, site in
      var row = Array(repeating: false, count: problem.blockCount)
      for block in 0..<problem.blockCount {
        let candidate = (block + client) % problem.blockCount
        row[candidate] = true
        if site.memory(row) > problem.budgets[client] { row[candidate] = false }
      }
      return row
    }
    let terms = problem.convergence.terms(rows: rows)
    let memory = zip(problem.sites, rows).map { $0.memory($1) }
    let seconds = zip(problem.sites, rows).map { $0.seconds($1) }
    return PlanningOutcome(
      plan: ActivationPlan(fixed: try ActivationMatrix(rows: rows)), convergence: terms,
      stages: [
        .init(
          stage: .convergence, value: terms.value, lowerBound: 0, isProvenOptimal: false)
      ], memory: memory, seconds: seconds)
  }

  /// Plans for a sweep over epsilon, ascending, none dominated by another.
  ///
  /// - Throws: As `solve`.
  package func front(epsilons: [Double]) throws -> [FrontPoint] {
    try epsilons.sorted().map { FrontPoint(epsilon: $0, outcome: try solve()) }
  }
}
