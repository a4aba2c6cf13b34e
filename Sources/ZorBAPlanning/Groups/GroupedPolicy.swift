import ZorBADiagnostics
import ZorBAFederation

/// Plans in which clients train the same blocks in groups of a least size, in every matrix, as secure
/// aggregation asks.
///
/// A reduction: clients are put into groups (`ClientPartition`), a group becomes one client that can do
/// what every member can, and the policy plans for those. Whatever it draws, members have equal rows.
/// Random, round-robin, contiguous and dominant plans take the finest partition, in which clients
/// train most; the planner tries several (`GroupedPlanner`).
///
/// What is not searched: partitions that are no stretches of the order by capacity, and the planner's
/// own choice between groups of one number.
struct GroupedPolicy {
  let policy: Policy
  let input: PolicyInput
  /// Clients of a group at least.
  let size: Int

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when there are too few clients for a group
  ///   or no partition has a plan.
  func outcome() throws -> PolicyOutcome {
    if policy == .lexicographic {
      guard let problem = input.problem else {
        preconditionFailure("the lexicographic policy needs a problem")
      }
      let solved = try GroupedPlanner(problem, size: size, effort: input.effort).solve()
      return PolicyOutcome(plan: solved.plan, solved: solved)
    }
    let candidates = try ClientPartition.candidates(
      capacities: input.capacities.map(\.reach), minimum: size)
    return PolicyOutcome(plan: try finest(of: candidates))
  }

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
}

extension PolicyInput.Capacity {
  /// About how many blocks fit, to compare clients by.
  var reach: Double {
    switch self {
    case .blocks(let count): return Double(count)
    case .bytes(let bytes, let resident):
      let mean = resident.isEmpty ? 0 : resident.reduce(0, +) / Double(resident.count)
      return mean > 0 && bytes.isFinite ? bytes / mean : Double(resident.count)
    }
  }
}
