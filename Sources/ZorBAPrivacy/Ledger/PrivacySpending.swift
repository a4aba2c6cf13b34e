/// What the entries of a ledger come to.
///
/// Where some entry is about replacements, all are judged as such: that bounds both kinds of neighbours.
package struct PrivacySpending: Sendable {
  package let entries: [PrivacyLedgerState.Entry]
  package let delta: Double

  package init(_ entries: [PrivacyLedgerState.Entry], delta: Double) {
    self.entries = entries.filter { $0.count > 0 }
    self.delta = delta
  }

  /// The upper bound of epsilon, the smaller of both accountants'.
  package func epsilon(_ resolution: PrivacyLossAccountant.Resolution = .fine) -> Double {
    min(
      excess
        + PrivacyLossAccountant(adjacency: adjacency, resolution: resolution)
        .upperEpsilon(of: events, delta: delta), renyi)
  }

  /// The upper bound by Rényi divergences alone.
  package var renyi: Double {
    events.isEmpty
      ? 0 : excess + RenyiAccountant.epsilon(of: events, adjacency: adjacency, delta: delta)
  }

  /// Both bounds by the distribution of the loss.
  package func bounds(
    _ resolution: PrivacyLossAccountant.Resolution = .fine
  ) -> PrivacyBounds {
    var bounds = PrivacyLossAccountant(adjacency: adjacency, resolution: resolution)
      .epsilon(of: events, delta: delta)
    bounds.upper += excess
    bounds.lower = max(0, bounds.lower - excess)
    return bounds
  }

  /// What was used how often; uses of one mechanism in several runs are one event.
  private var events: [PrivacyEvent] {
    var counts: [(mechanism: SubsampledGaussian, count: Int)] = []
    for entry in entries {
      if let place = counts.firstIndex(where: { $0.mechanism == entry.mechanism }) {
        let (sum, overflow) = counts[place].count.addingReportingOverflow(entry.count)
        counts[place].count = overflow ? Int.max : sum
      } else {
        counts.append((entry.mechanism, entry.count))
      }
    }
    return counts.map { PrivacyEvent($0.mechanism, count: $0.count) }
  }

  private var adjacency: Adjacency {
    entries.contains { $0.adjacency == .replace } ? .replace : .addRemove
  }

  /// What the noise grids add.
  private var excess: Double { entries.reduce(0) { $0 + Double($1.count) * $1.excess } }
}
