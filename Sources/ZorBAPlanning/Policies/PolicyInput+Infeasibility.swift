import ZorBADiagnostics

/// Errors about capacities: which client, which blocks, and the least that would do.
extension PolicyInput {
  /// Checks that every client can train at least one block.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the client and what it lacks.
  func requireRoom() throws {
    for (client, capacity) in capacities.enumerated() {
      let smallest = (0..<blocks).map { capacity.demand(of: $0) }.min() ?? 0
      guard smallest > capacity.limit else { continue }
      throw ZorBAError(
        .invalidConfiguration,
        "\(names[client]) has room for no block: the smallest takes "
          + "\(Self.text(smallest - capacity.limit, of: capacity)) more than it has",
        at: .init(field: field),
        advice: "Raise its budget by that, or leave it out of the federation.")
    }
  }

  /// The error for blocks that too few clients can train.
  ///
  /// - Parameters:
  ///   - short: The blocks, from 0.
  ///   - isFeasible: Whether the policy finds a plan with larger capacities; searched for the least
  ///     raise, the same for every client.
  func uncovered(
    _ short: [Int], isFeasible: (PolicyInput) -> Bool = { CoverBuilder.cover($0).short.isEmpty }
  ) -> ZorBAError {
    let list = short.map { "\($0 + 1)" }.joined(separator: ", ")
    let message =
      "block\(short.count == 1 ? "" : "s") \(list) cannot have \(minimumClients) "
      + "client\(minimumClients == 1 ? "" : "s") each within what the \(clientCount) clients can train"
    guard minimumClients <= clientCount else {
      return ZorBAError(
        .invalidConfiguration, message, at: .init(field: "blocks.min_clients"),
        advice: "Lower blocks.min_clients to \(clientCount) or less, or add clients.")
    }
    let advice =
      leastRaise(isFeasible).map {
        "Raise \(field) by \(Self.text($0, of: capacities[0])) a client, add clients or lower "
          + "blocks.min_clients."
      } ?? "Raise \(field), add clients or lower blocks.min_clients."
    return ZorBAError(
      .invalidConfiguration, message, at: .init(field: "blocks.min_clients"), advice: advice)
  }

  /// The least raise of every capacity with which a plan exists, in whole blocks or MiB.
  private func leastRaise(_ isFeasible: (PolicyInput) -> Bool) -> Double? {
    let unit: Double = if case .blocks = capacities[0] { 1 } else { 0x1p20 }
    let everything =
      capacities.map { capacity in
        (0..<blocks).reduce(0) { $0 + capacity.demand(of: $1) } - capacity.limit
      }.max() ?? 0
    var low = 0.0
    var high = max(1, (everything / unit).rounded(.up))
    func holds(_ steps: Double) -> Bool {
      var raised = self
      raised.capacities = capacities.map { $0.raised(by: steps * unit) }
      return isFeasible(raised)
    }
    guard high.isFinite, holds(high) else { return nil }
    while high - low > 1 {
      let middle = ((low + high) / 2).rounded(.down)
      if holds(middle) { high = middle } else { low = middle }
    }
    return high * unit
  }

  /// The key by which capacities are set.
  var field: String {
    if case .blocks = capacities[0] { "blocks.active" } else { "blocks.budgets_mib" }
  }

  private static func text(_ room: Double, of capacity: Capacity) -> String {
    switch capacity {
    case .blocks: "\(Int(room)) block\(room == 1 ? "" : "s")"
    case .bytes: "\(Int((room / 0x1p20).rounded(.up))) MiB"
    }
  }
}
