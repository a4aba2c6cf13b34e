#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Exact bounds of a probability from so many successes of so many trials (Clopper and Pearson 1934).
package enum ClopperPearson {
  /// The probability is not below this, except with probability `error`.
  package static func lower(_ successes: Int, of trials: Int, error: Double) -> Double {
    guard successes > 0 else { return 0 }
    return bisect { beta($0, Double(successes), Double(trials - successes + 1)) >= error }
  }

  /// The probability is not above this, except with probability `error`.
  package static func upper(_ successes: Int, of trials: Int, error: Double) -> Double {
    1 - lower(trials - successes, of: trials, error: error)
  }

  /// The largest number known not to have reached the level yet: the safe side of a lower bound.
  private static func bisect(_ isReached: (Double) -> Bool) -> Double {
    var (low, high) = (0.0, 1.0)
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if isReached(middle) { high = middle } else { low = middle }
    }
    return low
  }

  /// The regularised incomplete beta function, by its continued fraction (Lentz).
  static func beta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - beta(1 - x, b, a) }
    let front =
      exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    let least = 1e-300
    var c = 1.0
    var d = 1 - (a + b) * x / (a + 1)
    d = 1 / (abs(d) < least ? least : d)
    var fraction = d
    for m in 1..<10_000 {
      let m = Double(m)
      for numerator in [
        m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
        -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
      ] {
        d = 1 + numerator * d
        d = 1 / (abs(d) < least ? least : d)
        c = 1 + numerator / c
        if abs(c) < least { c = least }
        fraction *= c * d
      }
      if abs(c * d - 1) < 1e-15 { break }
    }
    return front * fraction
  }
}
