import ZorBAFederation

/// What changes from one plan to another: who gains or loses which blocks, and at which cost.
package struct PlanDifference: Sendable, Equatable {
  /// A value before and after.
  package struct Change: Sendable, Equatable {
    package var before: Double
    package var after: Double

    package init(before: Double, after: Double) {
      self.before = before
      self.after = after
    }
  }

  /// What changes at one site.
  package struct Site: Sendable, Equatable {
    package var client: String
    /// Transformer blocks, from 1, that it trains now and did not before.
    package var gained: [Int]
    /// Transformer blocks, from 1, that it trained before and does not now.
    package var lost: [Int]
    /// Blocks, from 1, that it trains in another share of the rounds.
    package var shares: [Int: Change]
    /// Costs that are known for both plans and differ, by name.
    package var costs: [String: Change]

    package var isEmpty: Bool {
      gained.isEmpty && lost.isEmpty && shares.isEmpty && costs.isEmpty
    }
  }

  /// Sites of the second plan only.
  package var joined: [String]
  /// Sites of the first plan only.
  package var left: [String]
  /// Sites of both at which something changes, in the second plan's order.
  package var sites: [Site]
  /// Matrices of the cycle, where their number changes.
  package var cycle: Change?
  /// Rounds of the window, where they change.
  package var window: Change?
  /// Gamma, where it is known for both and changes.
  package var convergence: Change?

  /// Whether both plans ask the same of everybody, and promise the same.
  package var isEmpty: Bool {
    joined.isEmpty && left.isEmpty && sites.isEmpty && cycle == nil && window == nil
      && convergence == nil
  }

  /// Compares two plans of models with the same number of blocks; sites are matched by name, or by
  /// their order where a file has no names.
  package init(from old: PlanFile, to new: PlanFile) {
    let (oldNames, newNames) = (Self.names(old), Self.names(new))
    let places = Dictionary(zip(oldNames, oldNames.indices)) { first, _ in first }
    joined = newNames.filter { places[$0] == nil }
    let remaining = Set(newNames)
    left = oldNames.filter { !remaining.contains($0) }
    let (before, after) = (old.plan.activeShare, new.plan.activeShare)
    sites = newNames.indices.compactMap { index in
      guard let place = places[newNames[index]] else { return nil }
      var site = Self.site(newNames[index], before[place], after[index])
      for (name, first, second) in [
        ("memory", old.memoryBytes, new.memoryBytes), ("seconds", old.seconds, new.seconds),
        ("wire", old.wireBytes, new.wireBytes),
      ] where first.indices.contains(place) && second.indices.contains(index) {
        site.costs[name] = Self.change(first[place], second[index])
      }
      return site.isEmpty ? nil : site
    }
    cycle = Self.change(Double(old.plan.cycle.count), Double(new.plan.cycle.count))
    window =
      old.plan.cycle.count == 1 && new.plan.cycle.count == 1
      ? nil : Self.change(Double(old.plan.window), Double(new.plan.window))
    if let first = old.convergence, let second = new.convergence {
      convergence = Self.change(first.value, second.value)
    }
  }

  private static func names(_ file: PlanFile) -> [String] {
    file.clients ?? (1...file.plan.clientCount).map { "client-\($0)" }
  }

  private static func change(_ before: Double, _ after: Double) -> Change? {
    before == after ? nil : Change(before: before, after: after)
  }

  private static func site(_ client: String, _ before: [Double], _ after: [Double]) -> Site {
    var site = Site(client: client, gained: [], lost: [], shares: [:], costs: [:])
    for block in 0..<max(before.count, after.count) {
      let first = before.indices.contains(block) ? before[block] : 0
      let second = after.indices.contains(block) ? after[block] : 0
      if first == second { continue }
      if first == 0 { site.gained.append(block + 1) }
      if second == 0 { site.lost.append(block + 1) }
      if first > 0, second > 0 { site.shares[block + 1] = Change(before: first, after: second) }
    }
    return site
  }
}
