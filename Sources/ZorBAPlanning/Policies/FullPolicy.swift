import ZorBADiagnostics
package import ZorBAFederation

/// Everybody trains everything, all the time.
package enum FullPolicy {
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when a client has no room for all blocks.
  package static func plan(_ input: PolicyInput) throws -> ActivationPlan {
    let row = Array(repeating: true, count: input.blocks)
    for (client, capacity) in input.capacities.enumerated() where !capacity.holds(row) {
      let all = (0..<input.blocks).reduce(0) { $0 + capacity.demand(of: $1) }
      throw ZorBAError(
        .invalidConfiguration,
        "\(input.names[client]) has no room for blocks "
          + input.blocksBeyond(capacity).map { "\($0 + 1)" }.joined(separator: ", "),
        at: .init(field: input.field),
        advice:
          "Raise its budget by \(Int(((all - capacity.limit) / 0x1p20).rounded(.up))) MiB, or "
          + "use a plan that gives it fewer blocks.")
    }
    guard input.minimumClients <= input.clientCount else {
      throw input.uncovered(Array(0..<input.blocks))
    }
    return ActivationPlan(fixed: try .full(clients: input.clientCount, blocks: input.blocks))
  }
}

extension PolicyInput {
  /// The blocks that no longer fit when a client takes them from the first one up, from 0.
  fileprivate func blocksBeyond(_ capacity: Capacity) -> [Int] {
    var used = 0.0
    return (0..<blocks).filter { block in
      guard used + capacity.demand(of: block) <= capacity.limit else { return true }
      used += capacity.demand(of: block)
      return false
    }
  }
}
