import ZorBAStatistics

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
    let tail = IncompleteBeta.regularised(x, freedom / 2, 0.5) / 2
    return value >= 0 ? 1 - tail : tail
  }
}
