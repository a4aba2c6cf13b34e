import ZorBADiagnostics
import ZorBAFederation

/// Plans in which clients train the same blocks in groups of a least size, in every matrix, as secure
/// aggregation asks.
///
/// A reduction: clients are put into groups (`ClientPartition`), a group becomes one client that can do
/// what every member can, and the policy plans for those. Whatever it draws, members have equal rows.
/// Random, round-robin, contiguous and dominant plans take the finest partition, in which clients
/// train most. The planner is given every number of groups in turn, and of the plans it finds the one
/// with the least Gamma is taken, reckoned exactly over all clients, not over groups.
///
/// What is not searched: partitions that are no stretches of the order by capacity, and the planner's
/// own choice between groups of one number. Its stages are therefore not proven optimal; no lower bounds are
/// given.
struct GroupedPolicy {
  let policy: Policy
  let input: PolicyInput
  /// Clients of a group at least.
  let size: Int

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when there are too few clients for a group
  ///   or no partition has a plan.
  func outcome() throws -> PolicyOutcome {
    let candidates = try ClientPartition.candidates(
      capacities: input.capacities.map(\.reach), minimum: size)
    guard policy == .lexicographic else {
      return PolicyOutcome(plan: try finest(of: candidates))
    }
    var best: (value: Double, outcome: PlanningOutcome)?
    var fault: (any Error)?
    for partition in candidates.suffix(Self.mostCandidates) {
      do {
        let outcome = try solve(partition)
        let value = outcome.convergence.value
        if best.map({ value < $0.value }) ?? true { best = (value, outcome) }
      } catch let error as ZorBAError where error.code == .invalidConfiguration {
        fault = fault ?? error
      }
    }
    guard let best else {
      throw fault
        ?? ZorBAError(.invalidConfiguration, "no partition into groups of \(size) has a plan")
    }
    return PolicyOutcome(plan: best.outcome.plan, solved: best.outcome)
  }

  /// Numbers of groups that the planner is given, the largest ones.
  private static let mostCandidates = 8

  /// Coarser partitions cover blocks more easily where a finer one has no plan.
  private func finest(of candidates: [ClientPartition]) throws -> ActivationPlan {
    var fault: (any Error)?
    for partition in candidates.reversed() {
      do {
        return try partition.expand(policy.plan(reduced(to: partition)).plan)
      } catch let error as ZorBAError where error.code == .invalidConfiguration {
        // The finest one's says what a user would have to change least.
        fault = fault ?? error
      }
    }
    throw fault ?? ZorBAError(.invalidConfiguration, "there is nobody to plan for")
  }

  private func reduced(to partition: ClientPartition) -> PolicyInput {
    var reduced = input
    reduced.groupSize = nil
    reduced.names = partition.names(input.names)
    reduced.capacities = partition.groups.map { Self.weakest($0.map { input.capacities[$0] }) }
    reduced.minimumClients = partition.coverage(input.minimumClients)
    // A group's row is written down once for each member.
    let largest = partition.groups.map(\.count).max() ?? 1
    reduced.maximumPairs = max(1, input.maximumPairs / largest)
    reduced.problem = input.problem.map { partition.reduced($0) }
    return reduced
  }

  /// What every one of some clients can train.
  private static func weakest(_ members: [PolicyInput.Capacity]) -> PolicyInput.Capacity {
    let limit = members.map(\.limit).min() ?? 0
    guard case .bytes(_, let first)? = members.first else { return .blocks(Int(limit)) }
    let resident = first.indices.map { block in
      members.map { $0.demand(of: block) }.max() ?? 0
    }
    return .bytes(limit, resident: resident)
  }

  private func solve(_ partition: ClientPartition) throws -> PlanningOutcome {
    guard let problem = input.problem else {
      preconditionFailure("the lexicographic policy needs a problem")
    }
    let solved = try Planner(partition.reduced(problem), effort: input.effort).solve()
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
        return .init(stage: stage.stage, value: value, lowerBound: 0, isProvenOptimal: false)
      }, memory: memory, seconds: seconds)
  }
}

extension PolicyInput.Capacity {
  /// About how many blocks fit, to compare clients by.
  fileprivate var reach: Double {
    switch self {
    case .blocks(let count): return Double(count)
    case .bytes(let bytes, let resident):
      let mean = resident.isEmpty ? 0 : resident.reduce(0, +) / Double(resident.count)
      return mean > 0 && bytes.isFinite ? bytes / mean : Double(resident.count)
    }
  }
}
