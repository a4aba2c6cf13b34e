/// Which data sets count as neighbours: differ in one unit of privacy.
package enum Adjacency: String, Sendable, CaseIterable {
  /// One has a unit more than the other.
  case addRemove = "add_remove"
  /// One unit is exchanged for another.
  case replace
}

/// The Gaussian mechanism on a Poisson sample: a vector of sensitivity 1 under add/remove, plus noise.
///
/// Every unit takes part with probability q, independently; the sum of what the participants give, each
/// of L2 norm at most 1, is released with N(0, sigma^2 I). The dimension does not matter.
package struct SubsampledGaussian: Hashable, Sendable {
  /// q, above 0 up to 1.
  package let samplingRate: Double
  /// sigma: the standard deviation of the noise over the clipping norm, above 0.
  package let noiseMultiplier: Double

  /// - Returns: Nil when a value is outside its range or not finite.
  package init?(samplingRate: Double, noiseMultiplier: Double) {
    guard samplingRate > 0, samplingRate <= 1, noiseMultiplier.isFinite,
      noiseMultiplier >= Self.smallestNoiseMultiplier,
      noiseMultiplier <= Self.largestNoiseMultiplier
    else { return nil }
    self.samplingRate = samplingRate
    self.noiseMultiplier = noiseMultiplier
  }

  /// Below it, no figure of interest is finite.
  package static let smallestNoiseMultiplier = 0.05
  /// Above it, noise is all there is.
  package static let largestNoiseMultiplier = 1e6
}

/// So many uses of one mechanism, each on a sample of its own.
package struct PrivacyEvent: Hashable, Sendable {
  /// What was used.
  package let mechanism: SubsampledGaussian
  /// How often, from 0.
  package var count: Int

  package init(_ mechanism: SubsampledGaussian, count: Int) {
    self.mechanism = mechanism
    self.count = max(0, count)
  }
}
