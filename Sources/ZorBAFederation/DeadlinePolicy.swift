/// How long an attempt at a round may take, from what earlier rounds took.
///
/// Of every site two moving averages are kept, of the seconds its arithmetic takes and of the seconds
/// its answer spends on the network: x ← x + ¼ (measured − x), beginning with the first measurement.
/// A site is expected to take their sum. The deadline of an attempt is
///
///     max(floor, factor × slowest expected of the asked) × growth^failed
///
/// with `failed` the attempts in a row that had too few answers before it, and never more than
/// `ceiling`. While somebody who is asked was never measured, `initial` takes the place of the maximum
/// when it is greater. A fixed deadline is always itself. All times are in seconds.
package struct DeadlinePolicy: Sendable, Hashable {
  /// A deadline that the run file sets; nil measures.
  package var fixed: Double?
  /// The least deadline.
  package var floor: Double
  /// The most.
  package var ceiling: Double
  /// The deadline while nothing is known.
  package var initial: Double
  /// How many times the expected time a site may take.
  package var factor: Double
  /// How much longer every failed attempt makes the next.
  package var growth: Double

  private struct Site: Sendable, Hashable {
    var seconds: Double
    var network: Double
  }
  private var sites: [Int: Site] = [:]
  private static let weight = 0.25

  package init(
    fixed: Double? = nil, floor: Double = 10, ceiling: Double = 86_400, initial: Double = 600,
    factor: Double = 3, growth: Double = 2
  ) {
    self.fixed = fixed
    self.floor = floor
    self.ceiling = ceiling
    self.initial = initial
    self.factor = factor
    self.growth = growth
  }

  /// Learns from an answer; what is no time is left out.
  ///
  /// - Parameters:
  ///   - client: Who answered.
  ///   - seconds: What the site says its arithmetic took.
  ///   - elapsed: From the assignment to the answer, by the coordinator's clock. A site cannot say
  ///     that it took longer than that.
  package mutating func learn(client: Int, seconds: Double, elapsed: Double) {
    guard elapsed.isFinite, elapsed >= 0, seconds.isFinite, seconds >= 0 else { return }
    let own = min(seconds, elapsed)
    let network = elapsed - own
    var site = sites[client] ?? Site(seconds: own, network: network)
    site.seconds += Self.weight * (own - site.seconds)
    site.network += Self.weight * (network - site.network)
    sites[client] = site
  }

  /// What a client is expected to take; nil when it never answered.
  package func expected(client: Int) -> Double? {
    sites[client].map { $0.seconds + $0.network }
  }

  /// The seconds that an attempt gets.
  ///
  /// - Parameters:
  ///   - asked: Who is asked.
  ///   - failed: Attempts in a row with too few answers.
  package func deadline(asked: [Int], failed: Int = 0) -> Double {
    if let fixed { return fixed }
    let known = asked.compactMap(expected)
    var seconds = max(floor, factor * (known.max() ?? 0))
    if known.count < asked.count { seconds = max(seconds, initial) }
    for _ in 0..<max(0, failed) where seconds < ceiling { seconds *= growth }
    return min(ceiling, seconds)
  }
}
