import ZorBADiagnostics
import ZorBAFederation

/// The planner's plan under the rule that clients train the same blocks in groups of a least size.
///
/// The planner is given every number of groups in turn (`ClientPartition`), and of the plans that it
/// finds the one of least Gamma is taken, reckoned exactly over all clients, not over groups.
///
/// A plan in groups is a plan. So what the planner proves of the problem without the rule, that no plan
/// is below a bound, holds for the first stage of this one; later stages have limits that follow from
/// what the first one reached, other ones than without the rule, and get no bound. The same plan
/// without the rule says what the rule costs.
package struct GroupedPlanner: Sendable {
  package let problem: PlanningProblem
  /// Clients of a group at least.
  package let size: Int
  package let effort: Planner.Effort

  /// Numbers of groups that the planner is given, the largest ones.
  private static let mostCandidates = 8

  package init(_ problem: PlanningProblem, size: Int, effort: Planner.Effort = .standard) {
    self.problem = problem
    self.size = size
    self.effort = effort
  }

  /// The plan, its groups and their price.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when there are too few clients for a group
  ///   or no partition has a plan within every client's budget.
  package func solve() throws -> PlanningOutcome {
    let choice = try choose()
    let free = try? Planner(problem, effort: effort).solve()
    return complete(choice.outcome, choice.partition, free: free)
  }

  /// Plans for a sweep over the first epsilon, all with the groups of the plan.
  ///
  /// - Throws: As `solve`.
  package func front(epsilons: [Double]) throws -> [Planner.FrontPoint] {
    let partition = try choose().partition
    let points = try Planner(partition.reduced(problem), effort: effort).front(epsilons: epsilons)
    let free = try? Planner(problem, effort: effort).solve()
    return Planner.undominated(
      try points.map { point in
        .init(
          epsilon: point.epsilon,
          outcome: complete(try expand(point.outcome, partition), partition, free: free))
      })
  }

  private func choose() throws -> (partition: ClientPartition, outcome: PlanningOutcome) {
    try problem.validate()
    let capacities = zip(problem.sites, problem.budgets).map { site, budget in
      PolicyInput.Capacity.bytes(budget - site.fixedBytes, resident: site.residentBytes)
    }
    let candidates = try ClientPartition.candidates(
      capacities: capacities.map(\.reach), minimum: size)
    var best: (partition: ClientPartition, outcome: PlanningOutcome)?
    var fault: (any Error)?
    for partition in candidates.suffix(Self.mostCandidates) {
      do {
        let outcome = try expand(
          Planner(partition.reduced(problem), effort: effort).solve(), partition)
        if best.map({ outcome.convergence.value < $0.outcome.convergence.value }) ?? true {
          best = (partition, outcome)
        }
      } catch let error as ZorBAError where error.code == .invalidConfiguration {
        // The coarsest one's: one group must do alone what the whole federation must.
        fault = fault ?? error
      }
    }
    guard let best else {
      throw fault
        ?? ZorBAError(.invalidConfiguration, "no partition into groups of \(size) has a plan")
    }
    return best
  }

  /// The plan over clients, with figures reckoned over them.
  private func expand(
    _ solved: PlanningOutcome, _ partition: ClientPartition
  ) throws -> PlanningOutcome {
    let plan = try partition.expand(solved.plan)
    let cycle = plan.cycle.map(\.rows)
    func most(_ cost: (SiteCosts, [Bool]) -> Double) -> [Double] {
      problem.sites.indices.map { client in
        cycle.map { cost(problem.sites[client], $0[client]) }.max() ?? 0
      }
    }
    let terms = problem.convergence.terms(cycle: cycle, window: plan.window)
    let (memory, seconds) = (most { $0.memory($1) }, most { $0.seconds($1) })
    return PlanningOutcome(
      plan: plan, convergence: terms,
      stages: solved.stages.map { stage in
        let value =
          switch stage.stage {
          case .convergence: terms.value
          case .memory: memory.reduce(0, +)
          case .time: seconds.max() ?? 0
          }
        return .init(stage: stage.stage, value: value, lowerBound: nil, isProvenOptimal: false)
      }, memory: memory, seconds: seconds)
  }

  private func complete(
    _ outcome: PlanningOutcome, _ partition: ClientPartition, free: PlanningOutcome?
  ) -> PlanningOutcome {
    var outcome = outcome
    outcome.grouping = Grouping(
      size: size, groups: partition.groups, free: free.map(Grouping.Figures.init))
    if let first = free?.stages.first, let bound = first.lowerBound, !outcome.stages.isEmpty {
      let value = outcome.stages[0].value
      outcome.stages[0].lowerBound = min(value, bound)
      outcome.stages[0].isProvenOptimal = value <= bound
    }
    return outcome
  }
}
