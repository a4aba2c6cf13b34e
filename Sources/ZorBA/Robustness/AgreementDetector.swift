#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Decides when disagreement has lasted too long to be chance.
///
/// Every round gives x in [-1, 1], how far a site agrees with the others. While the mean of x given the
/// past is not below 0, every bet prod(1 - beta x) is a supermartingale; one that begins anew whenever
/// it has lost keeps watch for a site that turns, and exceeds h within n rounds with a probability of
/// at most n / h (an e-detector: Shin, Ramdas and Rinaldo 2023). The mean over four stakes does without
/// knowing how strong the disagreement is.
struct AgreementDetector: Hashable, Sendable {
  /// h: with 8 sites that agree with nobody, neither way, a false alarm within 200 rounds has a
  /// probability of at most 8 x 200 / 10^4. Sites that agree at all are very far below that.
  static let threshold = 1e4
  private static let stakes = [0.1, 0.2, 0.4, 0.8]

  /// Logarithms of what the bets stand at.
  private var fortunes = [Double](repeating: 0, count: stakes.count)

  /// Learns a round's x; true when it is time for an alarm, after which it begins anew.
  mutating func observe(_ agreement: Double) -> Bool {
    for (index, stake) in Self.stakes.enumerated() {
      fortunes[index] = max(fortunes[index], 0) + log1p(-stake * min(max(agreement, -1), 1))
    }
    let mean = fortunes.reduce(0) { $0 + exp(min($1, 700)) } / Double(fortunes.count)
    guard mean >= Self.threshold else { return false }
    self = AgreementDetector()
    return true
  }
}
