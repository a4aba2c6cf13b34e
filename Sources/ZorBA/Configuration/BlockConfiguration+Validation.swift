extension BlockConfiguration {
  /// What a value breaks: the key below `blocks`, the value and the rule in words.
  public struct Fault: Sendable {
    /// The key, without `blocks.`.
    public var key: String
    /// The value as text.
    public var value: String
    /// What to use instead.
    public var rule: String
  }

  /// The first rule that does not hold; nil when all do.
  public var fault: Fault? { capacityFault ?? planFault ?? plannerFault ?? demandFault }

  private func check(_ holds: Bool, _ key: String, _ value: Any, _ rule: String) -> Fault? {
    holds ? nil : Fault(key: key, value: "\(value)", rule: rule)
  }

  private var capacityFault: Fault? {
    let shares = active.allSatisfy { $0 > 0 && $0 <= 1 }
    let sizes = budgetsMiB.allSatisfy { $0 > 0 && $0 <= Self.largestBudgetMiB }
    let isEither = budgetsMiB.isEmpty || active == BlockConfiguration().active
    return check(shares && !active.isEmpty, "active", active, "shares above 0, at most 1")
      ?? check(
        sizes, "budgets_mib", budgetsMiB,
        "sizes above 0, at most \(Int(Self.largestBudgetMiB)), in MiB")
      ?? check(
        isEither, "budgets_mib", budgetsMiB, "either shares (active) or sizes (budgets_mib)")
  }

  private var planFault: Fault? {
    let rounds = 0...1_000_000_000
    return check((0...100_000).contains(minClients), "min_clients", minClients, "0 to 100000")
      ?? check(rounds.contains(rotateEvery), "rotate_every", rotateEvery, "0 to 1000000000")
      ?? check(rounds.contains(replanEvery), "replan_every", replanEvery, "0 to 1000000000")
      ?? check(
        (1...Self.largestCycle).contains(cycle), "cycle", cycle, "1 to \(Self.largestCycle)")
  }

  private var plannerFault: Fault? {
    let areStages = !stages.isEmpty && Set(stages).count == stages.count
    let areTolerances = epsilon.allSatisfy { $0 >= 0 && $0 <= 1e6 }
    let isShare = minimumShare > 0 && minimumShare <= 1
    func isPositive(_ value: Double?) -> Bool { value.map { $0 > 0 && $0.isFinite } ?? true }
    return check(
      areStages, "stages", stages.map(\.rawValue),
      "each of convergence, memory and time at most once, and one at least")
      ?? check(
        areTolerances && epsilon.count == stages.count - 1, "epsilon", epsilon,
        "\(stages.count - 1) numbers from 0 to 1e6: one for each stage but the last")
      ?? check(isShare, "minimum_share", minimumShare, "a share above 0, at most 1")
      ?? check(
        isPositive(deadlineSeconds), "deadline_seconds", deadlineSeconds ?? 0, "a number above 0")
      ?? check(
        (1...1_000_000).contains(probeDirections), "probe_directions", probeDirections,
        "1 to 1000000")
      ?? check(isPositive(smoothness), "smoothness", smoothness ?? 0, "a number above 0")
  }

  private var demandFault: Fault? {
    for (key, demands) in [("required", required), ("forbidden", forbidden)] {
      for (client, blocks) in demands.sorted(by: { $0.key < $1.key }) {
        guard blocks.isEmpty || !Self.areDistinctBlocks(blocks) else { continue }
        return Fault(
          key: key, value: "\(client): \(blocks)",
          rule: "different transformer blocks from 1 to \(Self.largestBlock)")
      }
      guard demands.isEmpty || plan == .lexicographic else {
        return Fault(
          key: key, value: "A demand on single blocks", rule: "the plan 'lexicographic' for that")
      }
    }
    for (client, blocks) in required.sorted(by: { $0.key < $1.key }) {
      guard let both = blocks.first(where: { forbidden[client]?.contains($0) == true }) else {
        continue
      }
      return Fault(
        key: "forbidden", value: "\(client):\(both)", rule: "either required or forbidden")
    }
    guard Self.areDistinctBlocks(Array(together.joined())), together.allSatisfy({ $0.count > 1 })
    else {
      return Fault(
        key: "together", value: "\(together)",
        rule: "lists of two blocks or more, from 1, each block in one list at most")
    }
    guard together.isEmpty || plan == .lexicographic else {
      return Fault(
        key: "together", value: "A demand on single blocks",
        rule: "the plan 'lexicographic' for that")
    }
    return nil
  }

  private static let largestBlock = 65_535

  private static func areDistinctBlocks(_ blocks: [Int]) -> Bool {
    Set(blocks).count == blocks.count && blocks.allSatisfy((1...largestBlock).contains)
  }
}
