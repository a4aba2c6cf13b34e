import ZorBADiagnostics

/// The noise that a promise takes: the least sigma whose upper bound keeps it.
package struct NoiseCalibration: Sendable, Hashable {
  /// The promise.
  package var epsilon: Double
  package var delta: Double
  /// Uses of the mechanism.
  package var count: Int
  /// q.
  package var samplingRate: Double
  package var adjacency: Adjacency

  package init(
    epsilon: Double, delta: Double, count: Int, samplingRate: Double,
    adjacency: Adjacency = .addRemove
  ) {
    self.epsilon = epsilon
    self.delta = delta
    self.count = count
    self.samplingRate = samplingRate
    self.adjacency = adjacency
  }

  /// sigma, by bisection on the upper bound of the privacy loss distribution; at most a thousandth
  /// more than the least.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when a value is outside its range or no
  ///   noise keeps the promise.
  package func noiseMultiplier() throws -> Double {
    try check()
    let accountant = PrivacyLossAccountant(adjacency: adjacency, resolution: .coarse)
    func holds(_ sigma: Double) -> Bool {
      guard
        let mechanism = SubsampledGaussian(samplingRate: samplingRate, noiseMultiplier: sigma)
      else { return false }
      let events = [PrivacyEvent(mechanism, count: count)]
      return accountant.upperEpsilon(of: events, delta: delta) <= epsilon
    }
    var (low, high) = (SubsampledGaussian.smallestNoiseMultiplier, 1.0)
    if holds(low) { return low }
    while !holds(high) {
      low = high
      high *= 2
      guard high <= SubsampledGaussian.largestNoiseMultiplier else {
        throw ZorBAError(
          .invalidConfiguration,
          "no noise keeps epsilon \(epsilon) at delta \(delta) over \(count) uses",
          at: .init(field: "epsilon"), advice: "Raise epsilon or delta, or run fewer rounds.")
      }
    }
    if low < 1, high == 1 { low = SubsampledGaussian.smallestNoiseMultiplier }
    while high / low > 1.001 {
      let middle = (low * high).squareRoot()
      if holds(middle) { high = middle } else { low = middle }
    }
    return high
  }

  private func check() throws {
    let rules: [(Bool, String, String, String)] = [
      (epsilon > 0 && epsilon.isFinite, "epsilon", "\(epsilon)", "a number above 0"),
      (delta > 0 && delta < 1, "delta", "\(delta)", "a number above 0, below 1"),
      (count > 0, "rounds", "\(count)", "a whole number above 0"),
      (
        samplingRate > 0 && samplingRate <= 1, "batch over examples", "\(samplingRate)",
        "a batch of at least 1 and at most all examples"
      ),
    ]
    for (holds, field, value, rule) in rules where !holds {
      throw ZorBAError(
        .invalidConfiguration, "\(value) cannot be used", at: .init(field: field),
        advice: "Use \(rule).")
    }
  }
}
