#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Student's t distribution.
package enum StudentT {
  /// The value below which the share `probability` of the distribution lies.
  ///
  /// - Parameters:
  ///   - probability: Above 0, below 1.
  ///   - freedom: Degrees of freedom, above 0.
  package static func quantile(_ probability: Double, freedom: Double) -> Double {
    precondition(probability > 0 && probability < 1 && freedom > 0)
    if probability == 0.5 { return 0 }
    if probability < 0.5 { return -quantile(1 - probability, freedom: freedom) }
    var high = 1.0
    while cumulative(high, freedom: freedom) < probability, high < 1e300 { high *= 2 }
    var low = 0.0
    // Bisection to the last bit: monotone, and never far from right.
    for _ in 0..<200 {
      let middle = low + (high - low) / 2
      if middle <= low || middle >= high { break }
      if cumulative(middle, freedom: freedom) < probability { low = middle } else { high = middle }
    }
    return low + (high - low) / 2
  }

  /// The share of the distribution below a value.
  package static func cumulative(_ value: Double, freedom: Double) -> Double {
    let x = freedom / (freedom + value * value)
    let tail = regularisedBeta(x, freedom / 2, 0.5) / 2
    return value >= 0 ? 1 - tail : tail
  }

  /// I_x(a, b) by its continued fraction, evaluated forwards (Lentz).
  private static func regularisedBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    // The fraction converges fast on one side of the mean; the other side is its mirror.
    if x > (a + 1) / (a + b + 2) { return 1 - regularisedBeta(1 - x, b, a) }
    let front =
      exp(
        logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x)) / a
    let tiny = 1e-300
    var numerator = 1.0
    var denominator = 1 - (a + b) * x / (a + 1)
    denominator = 1 / (abs(denominator) < tiny ? tiny : denominator)
    var fraction = denominator
    for step in 1...500 {
      let m = Double(step)
      for term in [
        m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
        -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
      ] {
        denominator = 1 + term * denominator
        denominator = 1 / (abs(denominator) < tiny ? tiny : denominator)
        numerator = 1 + term / numerator
        if abs(numerator) < tiny { numerator = tiny }
        fraction *= numerator * denominator
      }
      if abs(numerator * denominator - 1) < 1e-16 { break }
    }
    return front * fraction
  }

  private static func logGamma(_ x: Double) -> Double { lgamma(x) }
}
