/// A planning problem as a file states it: the numbers, and what the sites are called.
package struct PlanningInstance: Sendable {
  package var problem: PlanningProblem
  /// What the sites are called, all different. [clients]
  package var names: [String]

  package init(problem: PlanningProblem, names: [String]) {
    self.problem = problem
    self.problem.names = names
    self.names = names
  }

  /// Names for sites that were given none, counted from 0 as rows of a plan are.
  package static func names(clients: Int) -> [String] { (0..<clients).map { "client \($0)" } }
}
