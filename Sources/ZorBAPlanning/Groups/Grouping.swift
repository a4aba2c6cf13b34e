/// The groups of clients that train the same blocks, as a plan has them, and what that rule costs.
package struct Grouping: Sendable, Equatable {
  /// What a plan comes to.
  package struct Figures: Sendable, Equatable {
    /// Gamma.
    package var convergence: Double
    /// Bytes over all sites.
    package var memory: Double
    /// Seconds of the slowest site.
    package var seconds: Double

    package init(convergence: Double, memory: Double, seconds: Double) {
      self.convergence = convergence
      self.memory = memory
      self.seconds = seconds
    }

    init(_ outcome: PlanningOutcome) {
      self.init(
        convergence: outcome.convergence.value, memory: outcome.memory.reduce(0, +),
        seconds: outcome.seconds.max() ?? 0)
    }
  }

  /// Clients of a group at least.
  package var size: Int
  /// The clients of each group, from 0, ascending.
  package var groups: [[Int]]
  /// What the planner reached without the rule, with as much work; nil where it found nothing.
  package var free: Figures?

  package init(size: Int, groups: [[Int]], free: Figures? = nil) {
    self.size = size
    self.groups = groups
    self.free = free
  }
}

extension PlanningOutcome {
  /// How much larger Gamma is than in the plan without the rule of groups, 0.1 for a tenth; below 0
  /// where the other plan gave more away for memory and time. Nil where nothing is known to compare
  /// with.
  package var groupingPrice: Double? {
    guard let free = grouping?.free, free.convergence > 0 else { return nil }
    return convergence.value / free.convergence - 1
  }

  /// The price in words: Gamma with the rule and without it.
  package var groupingSentence: String? {
    guard let grouping else { return nil }
    let sizes = grouping.groups.map(\.count)
    let groups =
      "\(sizes.count) group\(sizes.count == 1 ? "" : "s") of at least \(sizes.min() ?? 0) sites"
    guard let free = grouping.free, let price = groupingPrice else { return groups }
    func short(_ value: Double) -> String {
      let isOrdinary = value.magnitude >= 1e-3 && value.magnitude < 1e6
      return isOrdinary ? "\((value * 1e4).rounded() / 1e4)" : "\(value)"
    }
    return groups
      + "; Gamma \(short(convergence.value)) against \(short(free.convergence)) without the rule, "
      + "\(short((1000 * price).rounded() / 10)) %"
  }
}
