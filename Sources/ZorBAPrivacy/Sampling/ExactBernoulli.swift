/// Coins whose probabilities are exact, from integers alone (Canonne, Kamath and Steinke 2020,
/// algorithm 1).
enum ExactBernoulli {
  /// True with probability `numerator / denominator`.
  static func ratio(
    _ numerator: UInt128, _ denominator: UInt128, using random: inout some CryptographicGenerator
  ) -> Bool {
    UInt128.random(in: 0..<denominator, using: &random) < numerator
  }

  /// True with probability exp(-numerator / denominator).
  ///
  /// - Parameter denominator: Above 0, below 2^118: it is multiplied by the number of a coin, and the
  ///   thousandth is never thrown.
  static func exponential(
    minus numerator: UInt128, _ denominator: UInt128,
    using random: inout some CryptographicGenerator
  ) -> Bool {
    let (whole, rest) = numerator.quotientAndRemainder(dividingBy: denominator)
    var left = whole
    while left > 0 {
      guard fraction(minus: 1, 1, using: &random) else { return false }
      left -= 1
    }
    return fraction(minus: rest, denominator, using: &random)
  }

  /// The same for a ratio of at most 1.
  private static func fraction(
    minus numerator: UInt128, _ denominator: UInt128,
    using random: inout some CryptographicGenerator
  ) -> Bool {
    var coin: UInt128 = 1
    // The chance to throw coin k is below 1/k!: that of the hundredth below 2^-500.
    while coin < 1000, ratio(numerator, denominator * coin, using: &random) { coin += 1 }
    return coin % 2 == 1
  }
}
