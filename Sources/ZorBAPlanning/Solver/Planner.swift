import ZorBADiagnostics
import ZorBAFederation

/// Chooses who trains which blocks, stage by stage, and proves how good the choice is.
///
/// The epsilon-constraint lexicographic choice of the algorithm, section 5: every stage makes its own
/// objective as small as it can be while earlier objectives keep within (1 + epsilon) of what they
/// reached. Each stage ends with the best plan found and a lower bound on every plan there is; the two
/// meet on small instances.
package struct Planner: Sendable {
  /// How much work the search may do; the same effort gives the same plan on every machine.
  package struct Effort: Sendable, Equatable {
    /// Column evaluations of the exact search, for each stage, before it settles for a gap.
    package var work: Int
    /// Moves that the local search tries, for each stage.
    package var moves: Int
    /// Steps that the lower bound takes.
    package var boundSteps: Int
    /// Where the local search starts from.
    package var seed: UInt64

    package init(
      work: Int = 1_000_000_000, moves: Int = 4_000_000, boundSteps: Int = 300, seed: UInt64 = 1
    ) {
      self.work = work
      self.moves = moves
      self.boundSteps = boundSteps
      self.seed = seed
    }

    /// Seconds on an ordinary machine.
    package static let standard = Effort()
    /// A second or less; for replanning and many small questions.
    package static let quick = Effort(work: 20_000_000, moves: 200_000, boundSteps: 120)
    /// Minutes, for a plan that many will live with.
    package static let thorough = Effort(
      work: 30_000_000_000, moves: 20_000_000, boundSteps: 2000)
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
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the problem contradicts itself or no
  ///   plan is feasible, naming the blocks that cannot be covered and the least budgets that would do.
  package func solve() throws -> PlanningOutcome {
    try problem.validate()
    var choice = try LexicographicChoice(problem, effort: effort)
    return try choice.outcome()
  }

  /// Plans for a sweep over the first epsilon, ascending, none dominated by another.
  ///
  /// - Throws: As `solve`.
  package func front(epsilons: [Double]) throws -> [FrontPoint] {
    try problem.validate()
    var choice = try LexicographicChoice(problem, effort: effort)
    let points = try Set(epsilons).sorted().map { epsilon in
      FrontPoint(epsilon: epsilon, outcome: try choice.outcome(firstEpsilon: epsilon))
    }
    return Self.undominated(points)
  }

  /// The points of which no other is better in everything.
  static func undominated(_ points: [FrontPoint]) -> [FrontPoint] {
    points.enumerated().filter { index, point in
      !points.enumerated().contains { other, rival in
        other != index && dominates(rival, point, isEarlier: other < index)
      }
    }.map(\.element)
  }

  private static func dominates(
    _ first: FrontPoint, _ second: FrontPoint, isEarlier: Bool
  ) -> Bool {
    func figures(_ point: FrontPoint) -> [Double] {
      [
        point.outcome.convergence.value, point.outcome.memory.reduce(0, +),
        point.outcome.seconds.max() ?? 0,
      ]
    }
    let pairs = Array(zip(figures(first), figures(second)))
    let slack = 1e-12
    guard pairs.allSatisfy({ $0 <= $1 * (1 + slack) }) else { return false }
    return isEarlier || pairs.contains { $0 < $1 * (1 - slack) }
  }
}
