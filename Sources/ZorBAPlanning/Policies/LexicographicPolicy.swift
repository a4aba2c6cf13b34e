/// The planner's plan: convergence first, then what it costs (`Planner`).
package enum LexicographicPolicy {
  /// - Throws: As `Planner.solve`.
  package static func plan(_ input: PolicyInput) throws -> PolicyOutcome {
    guard let problem = input.problem else {
      preconditionFailure("the lexicographic policy needs a problem")
    }
    let outcome = try Planner(problem, effort: input.effort).solve()
    return PolicyOutcome(plan: outcome.plan, solved: outcome)
  }
}
