package import ZorBAJSON

/// The mean of a figure over seeds, and how sure it is.
package struct Estimate: Sendable, Equatable {
  package var mean: Double
  /// Half the width of the confidence interval; nil for a single seed, which says nothing of others.
  package var halfWidth: Double?
  /// Seeds.
  package var count: Int

  /// The estimate from the figures of some seeds; nil for none.
  ///
  /// - Parameter confidence: The share of such intervals that hold the true mean, where the figures
  ///   are normally distributed.
  package init?(_ values: [Double], confidence: Double) {
    guard !values.isEmpty else { return nil }
    count = values.count
    mean = values.reduce(0, +) / Double(count)
    guard count > 1 else { return }
    let mean = mean
    let spread = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let freedom = Double(count - 1)
    let error = (spread / freedom / Double(count)).squareRoot()
    halfWidth = StudentT.quantile(0.5 + confidence / 2, freedom: freedom) * error
  }

  package var low: Double { mean - (halfWidth ?? 0) }
  package var high: Double { mean + (halfWidth ?? 0) }

  package var json: JSONValue {
    [
      "mean": .number(mean), "low": halfWidth.map { .number(mean - $0) } ?? .null,
      "high": halfWidth.map { .number(mean + $0) } ?? .null, "n": .integer(count),
    ]
  }
}
