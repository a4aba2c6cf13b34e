#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The standard normal distribution, accurate in its tails.
enum NormalDistribution {
  /// The probability of a value up to `x`.
  static func below(_ x: Double) -> Double { erfc(-x * 0.5.squareRoot()) / 2 }

  /// The probability of a value above `x`.
  static func above(_ x: Double) -> Double { erfc(x * 0.5.squareRoot()) / 2 }

  /// The probability of a value between two numbers, from the tail that is lighter there.
  static func between(_ low: Double, _ high: Double) -> Double {
    guard low < high else { return 0 }
    return low > 0 ? above(low) - above(high) : below(high) - below(low)
  }

  /// log of erfc, also where erfc itself is 0.
  static func logErfc(_ x: Double) -> Double {
    let value = erfc(x)
    guard value < 1e-300 else { return log(value) }
    // The asymptotic series; at such x its terms vanish at once.
    return -x * x - log(x) - log(Double.pi) / 2
      + log1p(-0.5 / (x * x) + 0.75 / (x * x * x * x) - 1.875 / (x * x * x * x * x * x))
  }
}
