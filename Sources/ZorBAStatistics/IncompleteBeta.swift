#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The incomplete beta function, from which the tails of Student's t, of F and of shares come.
package enum IncompleteBeta {
  /// I_x(a, b), regularised: the share of a beta distribution below `x`.
  ///
  /// By its continued fraction (DLMF 8.17.22), evaluated forwards by Lentz's method as Thompson and
  /// Barnett (1986) have it. Right to 4e-15 (10 + a + b): the logarithms of gamma functions round.
  ///
  /// - Parameters:
  ///   - x: 0 at or below 0, 1 at or above 1.
  ///   - a: Above 0.
  ///   - b: Above 0.
  package static func regularised(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    // The fraction converges fast on one side of the mean; the other side is its mirror.
    return x > (a + 1) / (a + b + 2) ? 1 - lowerTail(1 - x, b, a) : lowerTail(x, a, b)
  }

  private static func lowerTail(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    // Stands for zero where Lentz's method would divide by it.
    let tiny = 1e-300
    var numerator = 1.0
    var denominator = 1 - (a + b) * x / (a + 1)
    denominator = 1 / (abs(denominator) < tiny ? tiny : denominator)
    var fraction = denominator
    for step in 1...10_000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      for term in [even, odd] {
        denominator = 1 + term * denominator
        denominator = 1 / (abs(denominator) < tiny ? tiny : denominator)
        numerator = 1 + term / numerator
        if abs(numerator) < tiny { numerator = tiny }
        fraction *= numerator * denominator
      }
      if abs(numerator * denominator - 1) < 1e-15 { break }
    }
    return front * fraction
  }
}
