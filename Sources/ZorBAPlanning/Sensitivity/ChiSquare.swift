#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The chi-square distribution with any positive number of degrees of freedom.
///
/// Squares of finite differences follow it: a scalar z·g is close to normal in thousands of
/// dimensions, so a mean of D squares is a multiple of a chi-square with D degrees of freedom.
struct ChiSquare: Sendable {
  let degrees: Double

  init(degrees: Double) {
    precondition(degrees > 0 && degrees.isFinite)
    self.degrees = degrees
  }

  /// The value below which the variable lies with the given probability, by bisection.
  func quantile(_ probability: Double) -> Double {
    precondition(probability > 0 && probability < 1)
    var low = 0.0
    var high = degrees + 1
    while cumulative(high) < probability { high *= 2 }
    while high - low > 1e-12 * high {
      let middle = (low + high) / 2
      // Neighbouring numbers have no middle between them.
      if middle == low || middle == high { break }
      if cumulative(middle) < probability { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The probability of a value up to `x`: the regularised incomplete gamma function P(degrees/2, x/2).
  ///
  /// Power series below the mean, Legendre's continued fraction above it (Abramowitz and Stegun,
  /// 6.5.29 and 6.5.31).
  func cumulative(_ x: Double) -> Double {
    guard x > 0 else { return 0 }
    let (a, y) = (degrees / 2, x / 2)
    let scale = exp(a * log(y) - y - Self.logarithmOfGamma(a))
    guard y >= a + 1 else {
      var term = 1 / a
      var sum = term
      var n = a
      while term > sum * 1e-17 {
        n += 1
        term *= y / n
        sum += term
      }
      return sum * scale
    }
    // Lentz's evaluation.
    var b = y + 1 - a
    var c = 1e300
    var d = 1 / b
    var fraction = d
    for i in 1...10_000 {
      let k = Double(i)
      let numerator = k * (a - k)
      b += 2
      d = 1 / (numerator * d + b)
      c = b + numerator / c
      let factor = c * d
      fraction *= factor
      if abs(factor - 1) < 1e-16 { break }
    }
    return 1 - scale * fraction
  }

  /// ln Gamma(a) by Stirling's series beyond 12, where five terms are exact to the last digits.
  private static func logarithmOfGamma(_ a: Double) -> Double {
    var a = a
    var product = 1.0
    while a < 12 {
      product *= a
      a += 1
    }
    let inverse = 1 / (a * a)
    let series =
      (1.0 / 12 - inverse
        * (1.0 / 360 - inverse * (1.0 / 1260 - inverse * (1.0 / 1680 - inverse / 1188)))) / a
    return (a - 0.5) * log(a) - a + 0.5 * log(2 * Double.pi) + series - log(product)
  }
}
