/// A mean of squares of (nearly) normal variables, and how many independent ones it is worth.
///
/// degrees * value / truth is then close to a chi-square variable (Satterthwaite).
struct VarianceComponent: Sendable {
  let value: Double
  let degrees: Double

  /// From one non-negative number a direction.
  ///
  /// - Parameters:
  ///   - samples: At least 2.
  ///   - degrees: What theory says, or nil to go by the samples alone within `range`. Samples that
  ///     vary more than theory allows (their scale varied too) lower it.
  init(samples: [Double], degrees: Double?, within range: ClosedRange<Double>) {
    let count = Double(samples.count)
    let mean = samples.reduce(0, +) / count
    let variance = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let seen = variance > 0 ? 2 * count * mean * mean / variance : range.upperBound
    value = mean
    self.degrees = min(degrees ?? .infinity, max(range.lowerBound, min(range.upperBound, seen)))
  }

  /// sum_i c_i v_i of independent components with c_i >= 0, by Satterthwaite.
  init(_ parts: [VarianceComponent], coefficients: [Double]) {
    var sum = 0.0
    var squares = 0.0
    for (part, coefficient) in zip(parts, coefficients) {
      let term = coefficient * part.value
      sum += term
      squares += term * term / part.degrees
    }
    value = sum
    degrees = squares > 0 ? sum * sum / squares : Double(parts.count)
  }

  /// The interval of the component itself.
  var interval: ConfidenceInterval {
    let distribution = ChiSquare(degrees: degrees)
    return ConfidenceInterval(
      lower: value * degrees / distribution.quantile(0.975),
      upper: value * degrees / distribution.quantile(0.025))
  }

  /// What is left of this component after another, independent one.
  ///
  /// The interval follows from those of the parts (Ting, Burdick, Graybill, Jeyaratnam and Lu 1990,
  /// without the cross term): with few directions a t interval covers far too seldom, for squares
  /// are skewed.
  func minus(_ other: VarianceComponent) -> Estimated {
    let (own, taken) = (interval, other.interval)
    let down =
      (value - own.lower) * (value - own.lower)
      + (taken.upper - other.value) * (taken.upper - other.value)
    let up =
      (own.upper - value) * (own.upper - value)
      + (other.value - taken.lower) * (other.value - taken.lower)
    let difference = value - other.value
    return Estimated(
      value: difference,
      interval: ConfidenceInterval(
        lower: difference - down.squareRoot(), upper: difference + up.squareRoot()))
  }
}
