import ZorBADiagnostics

/// Whole numbers x with probability proportional to exp(-x^2 / 2 sigma^2), sampled exactly.
///
/// Canonne, Kamath and Steinke (2020), algorithm 3: discrete Laplace draws, accepted by exact coins.
/// Nothing is rounded, so no pattern of floating-point numbers tells what the noise was (Mironov 2012).
package struct DiscreteGaussian: Hashable, Sendable {
  /// sigma^2, a whole number.
  package let variance: UInt64
  /// t of the algorithm: floor(sigma) + 1.
  private let scale: UInt64

  /// The largest variance: beyond, products of the algorithm leave 128 bits.
  package static let largestVariance: UInt64 = 1 << 56

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the variance is 0 or too large.
  package init(variance: UInt64) throws {
    guard variance > 0, variance <= Self.largestVariance else {
      throw ZorBAError(
        .invalidConfiguration, "a variance of \(variance) cannot be sampled",
        at: .init(field: "differential_privacy"),
        advice: "Use one from 1 to \(Self.largestVariance).")
    }
    self.variance = variance
    scale = Self.squareRoot(variance) + 1
  }

  /// One number.
  package func sample(using random: inout some CryptographicGenerator) -> Int64 {
    let (t, v) = (UInt128(scale), UInt128(variance))
    while true {
      let draw = laplace(using: &random)
      // (|y| - v/t)^2 / 2v = (|y| t - v)^2 / 2 v t^2
      let product = UInt128(draw.magnitude) * t
      let difference = product > v ? product - v : v - product
      let (square, overflow) = difference.multipliedReportingOverflow(by: difference)
      // Such a draw would be accepted with a probability below 2^-400.
      if overflow { continue }
      if ExactBernoulli.exponential(minus: square, 2 * v * t * t, using: &random) { return draw }
    }
  }

  /// A whole number with probability proportional to exp(-|y| / t) (algorithm 2).
  private func laplace(using random: inout some CryptographicGenerator) -> Int64 {
    let t = UInt128(scale)
    while true {
      let low = UInt64.random(in: 0..<scale, using: &random)
      guard ExactBernoulli.exponential(minus: UInt128(low), t, using: &random) else { continue }
      var high: UInt64 = 0
      while high < 1 << 20, ExactBernoulli.exponential(minus: 1, 1, using: &random) { high += 1 }
      let magnitude = Int64(low) + Int64(scale) * Int64(high)
      let isNegative = Bool.random(using: &random)
      if isNegative, magnitude == 0 { continue }
      return isNegative ? -magnitude : magnitude
    }
  }

  /// floor(sqrt(value)), exactly.
  static func squareRoot(_ value: UInt64) -> UInt64 {
    var root = UInt64(Double(value).squareRoot())
    while root.multipliedFullWidth(by: root) > (0, value) { root -= 1 }
    while (root + 1).multipliedFullWidth(by: root + 1) <= (0, value) { root += 1 }
    return root
  }
}
