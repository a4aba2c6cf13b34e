/// Gamma and Dirichlet variates that are the same to the bit everywhere.
///
/// A partition drawn on one machine must come out the same on every other, so nothing here calls
/// the system's mathematics library: binary64 addition, multiplication, division and square root
/// in the written order, with logarithm and exponential as the fixed series below (error within a
/// few units in the last place).
extension RandomGenerator {
  /// A standard normal variate (Marsaglia's polar method, first of the pair).
  package mutating func normal() -> Double {
    while true {
      let x = 2 * unit() - 1
      let y = 2 * unit() - 1
      let square = x * x + y * y
      if square < 1, square > 0 {
        return x * (-2 * FixedSeries.logarithm(square) / square).squareRoot()
      }
    }
  }

  /// The logarithm of a gamma variate of shape `alpha` and scale 1 (Marsaglia & Tsang 2000).
  ///
  /// The logarithm, because a small shape gives values below the smallest number: for `alpha` < 1
  /// the variate is Gamma(alpha + 1) U^(1/alpha).
  package mutating func logGamma(alpha: Double) -> Double {
    if alpha < 1 {
      return logGamma(alpha: alpha + 1) + FixedSeries.logarithm(unit()) / alpha
    }
    let d = alpha - 1 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let root = 1 + c * x
      if root <= 0 { continue }
      let v = root * root * root
      let logV = FixedSeries.logarithm(v)
      if FixedSeries.logarithm(unit()) < 0.5 * x * x + d - d * v + d * logV {
        return FixedSeries.logarithm(d) + logV
      }
    }
  }

  /// Shares that sum to 1 from the symmetric Dirichlet distribution.
  ///
  /// - Parameters:
  ///   - alpha: The concentration, positive: small values give most to few.
  ///   - count: The number of shares, at least 1.
  package mutating func dirichlet(alpha: Double, count: Int) -> [Double] {
    precondition(alpha > 0 && alpha.isFinite && count > 0)
    let logs = (0..<count).map { _ in logGamma(alpha: alpha) }
    let highest = logs.max() ?? 0
    let weights = logs.map { FixedSeries.exponential($0 - highest) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }
}

/// Logarithm and exponential from basic operations in a fixed order.
enum FixedSeries {
  /// ln x for a positive normal x: x = 2^k m with m in [1/√2, √2), ln m = 2 artanh((m-1)/(m+1)).
  static func logarithm(_ x: Double) -> Double {
    precondition(x > 0 && x.isNormal)
    var mantissa = x.significand
    var exponent = Double(x.exponent)
    if mantissa >= 1.4142135623730951 {
      mantissa *= 0.5
      exponent += 1
    }
    let s = (mantissa - 1) / (mantissa + 1)
    let square = s * s
    // s^2 < 0.0295: thirteen terms leave less than 2^-64 of the sum.
    var sum = 0.0
    for odd in stride(from: 25, through: 1, by: -2) { sum = sum * square + 1 / Double(odd) }
    return exponent * ln2High + (2 * s * sum + exponent * ln2Low)
  }

  /// e^x for x <= 0; 0 below the normal range.
  static func exponential(_ x: Double) -> Double {
    precondition(x <= 0)
    if x < -708 { return 0 }
    let exponent = (x * 1.4426950408889634).rounded(.toNearestOrEven)
    let rest = x - exponent * ln2High - exponent * ln2Low
    // |rest| < 0.347: the Taylor series to the fourteenth power.
    var sum = 1.0
    for power in stride(from: 14, through: 1, by: -1) { sum = 1 + rest / Double(power) * sum }
    return Double(sign: .plus, exponent: Int(exponent), significand: sum)
  }

  /// ln 2 as a part with 21 trailing zero bits, whose multiples by exponents are exact, and a rest.
  private static let ln2High = 0x1.62e42fee00000p-1
  private static let ln2Low = 0x1.a39ef35793c76p-33
}
