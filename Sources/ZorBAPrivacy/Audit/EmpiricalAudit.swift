#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A lower bound on epsilon from an attack: how well scores tell two worlds apart.
///
/// A mechanism with (epsilon, delta) lets no test have a true positive rate above e^epsilon times its
/// false positive rate plus delta, nor the same for negatives. Thresholds, one for epsilon and one for the
/// share of right answers, are chosen on one half of the
/// scores and judged on the other, with exact bounds, so the figure is wrong with a stated probability
/// at most.
package struct EmpiricalAudit: Sendable {
  /// epsilon is not below this, except with probability `error`.
  package let epsilon: Double
  /// The share of the judged scores that an attacker who goes for it puts into the right world.
  package let accuracy: Double
  /// Scores above it speak for the world with the unit; the one that proves most.
  package let threshold: Double
  /// Judged scores in either world.
  package let trials: Int

  /// - Parameters:
  ///   - present: Scores in the world with the unit, in the order they were drawn.
  ///   - absent: Scores in the world without.
  ///   - delta: The mechanism's.
  ///   - error: The probability of a figure that is too high.
  package init(present: [Double], absent: [Double], delta: Double, error: Double = 0.05) {
    func halves(_ scores: [Double]) -> (first: [Double], second: [Double]) {
      let middle = scores.count / 2
      return (Array(scores[..<middle]), Array(scores[middle...]))
    }
    let (with, without) = (halves(present), halves(absent))
    func bound(_ threshold: Double, _ with: [Double], _ without: [Double], _ error: Double)
      -> Double
    {
      let (hits, alarms) = (with.count { $0 > threshold }, without.count { $0 > threshold })
      return max(
        Self.bound(hits, of: with.count, alarms, of: without.count, delta, error),
        Self.bound(
          without.count - alarms, of: without.count, with.count - hits, of: with.count, delta,
          error))
    }
    let sorted = (with.first + without.first).sorted()
    let stride = max(1, sorted.count / 400)
    var best = (threshold: sorted.first ?? 0, value: -1.0)
    var surest = (threshold: sorted.first ?? 0, right: -1)
    for place in Swift.stride(from: 0, to: sorted.count, by: stride) {
      let threshold = sorted[place]
      let value = bound(threshold, with.first, without.first, error)
      let right =
        with.first.count { $0 > threshold } + without.first.count { $0 <= threshold }
      if value > best.value { best = (threshold, value) }
      if right > surest.right { surest = (threshold, right) }
    }
    threshold = best.threshold
    // Two tests are judged, each with two bounds.
    epsilon = max(0, bound(best.threshold, with.second, without.second, error / 2))
    trials = with.second.count + without.second.count
    let right =
      with.second.count { $0 > surest.threshold }
      + without.second.count { $0 <= surest.threshold }
    accuracy = trials == 0 ? 0 : Double(right) / Double(trials)
  }

  /// log((p - delta) / f), p and f at the bad ends of their intervals.
  private static func bound(
    _ hits: Int, of present: Int, _ alarms: Int, of absent: Int, _ delta: Double, _ error: Double
  ) -> Double {
    guard present > 0, absent > 0 else { return 0 }
    let rate = ClopperPearson.lower(hits, of: present, error: error / 2) - delta
    let falseRate = ClopperPearson.upper(alarms, of: absent, error: error / 2)
    return rate > 0 && falseRate > 0 ? max(0, log(rate / falseRate)) : 0
  }
}
