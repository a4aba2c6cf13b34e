/// How long a site waits before it tries to connect again: exponential, with full jitter.
///
/// Before try n the wait is drawn evenly from 0 to min(cap, base × 2ⁿ⁻¹) seconds, so that a thousand
/// sites whose coordinator restarts do not come at one instant. A connection that lasted `healthy`
/// seconds begins the count anew.
package struct Backoff: Sendable, Hashable {
  /// The greatest first wait, in seconds.
  package var base: Double
  /// The greatest wait, in seconds.
  package var cap: Double
  /// Seconds after which a connection was a good one.
  package var healthy: Double
  /// Tries since the last good connection.
  package private(set) var tries = 0

  package init(base: Double = 0.5, cap: Double = 30, healthy: Double = 60) {
    self.base = base
    self.cap = cap
    self.healthy = healthy
  }

  /// The seconds to wait before the next try.
  ///
  /// - Parameters:
  ///   - lasted: How long the connection that ended was open; 0 when none was made.
  ///   - generator: Where the jitter comes from.
  package mutating func delay(
    lasted: Double, using generator: inout some RandomNumberGenerator
  ) -> Double {
    if lasted >= healthy { tries = 0 }
    let limit = limit(afterTries: tries)
    tries += 1
    return limit > 0 ? Double.random(in: 0...limit, using: &generator) : 0
  }

  private func limit(afterTries tries: Int) -> Double {
    var limit = base
    for _ in 0..<tries where limit < cap { limit *= 2 }
    return min(limit, cap)
  }
}
