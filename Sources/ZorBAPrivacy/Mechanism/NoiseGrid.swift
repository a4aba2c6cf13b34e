import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The fixed-point numbers on which clipped vectors and noise lie: multiples of a power of two.
package struct NoiseGrid: Hashable, Sendable {
  /// log2 of the multiples in 1.
  package let fractionBits: Int
  /// The noise of one release, in steps of the grid; its variance is rounded up.
  package let noise: DiscreteGaussian

  /// log2 of the standard deviation of the noise in steps, at least.
  static let deviationBits = 24

  /// A grid for the noise of one party: the finest whose noise can be sampled.
  ///
  /// - Parameter deviation: The standard deviation of the noise.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when it is too large or too small.
  package init(deviation: Double) throws {
    guard deviation.isFinite, deviation > 0x1p-200, deviation < 0x1p200 else {
      throw Self.unusable(deviation)
    }
    try self.init(deviation: deviation, fractionBits: Self.deviationBits - Int(deviation.exponent))
  }

  /// A grid on which sums over several sites stay exact when each is sent as binary32.
  ///
  /// - Parameters:
  ///   - deviation: The standard deviation of this site's share.
  ///   - bound: What the magnitude of a clipped sum with its noise will not exceed.
  /// - Throws: As the other initialiser.
  package init(deviation: Double, exactUpTo bound: Double) throws {
    guard deviation.isFinite, deviation > 0x1p-200, bound.isFinite, bound < 0x1p200,
      bound >= deviation
    else { throw Self.unusable(deviation) }
    // bound 2^bits <= 2^24
    try self.init(deviation: deviation, fractionBits: 23 - Int(bound.exponent))
  }

  private init(deviation: Double, fractionBits: Int) throws {
    let steps = scalbn(deviation, fractionBits)
    let variance = (steps * steps).rounded(.up)
    guard variance >= 1, variance <= Double(DiscreteGaussian.largestVariance) else {
      throw Self.unusable(deviation)
    }
    self.fractionBits = fractionBits
    // Rounding of the product is below one unit in the last place; one more step is certain.
    noise = try DiscreteGaussian(variance: UInt64(variance) + (variance > 0x1p50 ? 8 : 1))
  }

  /// A number rounded toward zero, in steps; magnitudes beyond what steps can count are held there.
  package func steps(_ value: Double) -> Int64 {
    let scaled = scalbn(value, fractionBits).rounded(.towardZero)
    return Int64(max(-0x1p62, min(0x1p62, scaled)))
  }

  /// The number that so many steps are.
  package func value(_ steps: Int64) -> Double { scalbn(Double(steps), -fractionBits) }

  /// What the grid can add to the privacy loss of one release of `dimension` numbers.
  ///
  /// The grid's Gaussian differs from a rounded continuous one, of which the accountant's figure holds
  /// as it stands, by a factor between exp(-6.07 / s^2) and exp(0.05 / s^2) at every point within twelve standard
  /// deviations s; docs/differential-privacy.md has the proof.
  package func excessLoss(dimension: Int) -> Double {
    6.2 * Double(dimension) / Double(noise.variance)
  }

  private static func unusable(_ deviation: Double) -> ZorBAError {
    ZorBAError(
      .invalidConfiguration, "noise of standard deviation \(deviation) cannot be sampled",
      at: .init(field: "differential_privacy.clip"),
      advice: "Use a clip between 1e-6 and 1e6, and a noise multiplier to match.")
  }
}
