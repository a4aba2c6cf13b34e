import ZorBADiagnostics
import ZorBAJSON
import ZorBAPlanning
import ZorBAPresentation
import ZorBAReport

/// Solves for a subject and, if asked, for a sweep of tolerances.
struct PlanSearch {
  let effort: Planner.Effort
  /// Tolerances of the sweep; nil without one.
  let epsilons: [Double]?
  /// Tells the person who waits what is being done.
  let say: (String) -> Void

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when no plan is feasible.
  func solve(_ subject: PlanSubject) throws -> PlanResult {
    let problem = subject.instance.problem
    say("Planning for \(problem.clientCount) clients and \(problem.blockCount) blocks.")
    let clock = ContinuousClock()
    let start = clock.now
    let planner = Planner(problem, effort: effort)
    let grouped = subject.groupSize.map { GroupedPlanner(problem, size: $0, effort: effort) }
    let outcome = try grouped?.solve() ?? planner.solve()
    var front: [Planner.FrontPoint] = []
    if let epsilons {
      say("Sweeping over \(epsilons.count) tolerances.")
      front = try grouped?.front(epsilons: epsilons) ?? planner.front(epsilons: epsilons)
    }
    return PlanResult(
      subject: subject, outcome: outcome, front: front,
      seconds: (clock.now - start) / .seconds(1))
  }

  /// The plan of a changed subject, without a sweep; that there is none is an answer, too.
  func alternative(_ subject: PlanSubject, changes: [String]) throws -> PlanAlternative {
    let search = PlanSearch(effort: effort, epsilons: nil, say: say)
    do {
      return PlanAlternative(changes: changes, answer: .success(try search.solve(subject)))
    } catch let error as ZorBAError where error.code == .invalidConfiguration {
      return PlanAlternative(changes: changes, answer: .failure(error))
    }
  }
}

/// A plan with all that is said of it.
struct PlanResult {
  let subject: PlanSubject
  let outcome: PlanningOutcome
  let front: [Planner.FrontPoint]
  /// Seconds that planning took.
  let seconds: Double
  /// Groups that were asked for and that no plan has.
  var missingGroups: PlanReport.Groups?

  /// The plan as a file that a run takes.
  var file: PlanFile {
    PlanFile(
      clients: subject.instance.names, policy: .lexicographic,
      outcome: PolicyOutcome(plan: outcome.plan, solved: outcome),
      problem: subject.instance.problem,
      wireBytes: report.sites.compactMap { site in
        site.bytesUp.flatMap { up in site.bytesDown.map { up + $0 } }
      })
  }

  var report: PlanReport {
    var report = PlanReport(outcome, of: subject, front: front)
    if let missingGroups { report.groups = missingGroups }
    return report
  }

  func json(alternative: PlanAlternative?) -> JSONValue {
    let plan = PlanDocument(outcome, front: front, seconds: seconds).json
    guard var object = plan.object else { return plan }
    if let missingGroups {
      let groups: JSONValue = [
        "minimum": .integer(missingGroups.minimum), "members": .null,
        "reason": .string(missingGroups.missingBecause ?? ""),
      ]
      _ = object.append(.init(key: "groups", value: groups))
    }
    if let alternative {
      _ = object.append(.init(key: "what_if", value: alternative.json(beside: self)))
    }
    return .object(object)
  }
}

/// The answer to a what-if: another plan, or why there is none.
struct PlanAlternative {
  let changes: [String]
  let answer: Result<PlanResult, ZorBAError>

  func text(beside plan: PlanResult) -> String {
    switch answer {
    case .success(let result):
      PlanComparison(plan.report, with: result.report, changes: changes).text()
    case .failure(let error): "With \(changes.joined(separator: ", ")) there is no plan: \(error)\n"
    }
  }

  func json(beside plan: PlanResult) -> JSONValue {
    let changes = JSONValue.array(changes.map { .string($0) })
    switch answer {
    case .success(let result):
      let before = plan.report
      let after = result.report
      return [
        "changes": changes, "plan": result.json(alternative: nil),
        "difference": [
          "convergence": .number(after.convergence - before.convergence),
          "memory_bytes": .number(after.memory - before.memory),
          "time": .number(after.time - before.time),
        ],
      ]
    case .failure(let error): return ["changes": changes, "error": .string("\(error)")]
    }
  }
}
