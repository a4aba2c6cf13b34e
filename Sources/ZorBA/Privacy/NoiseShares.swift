import ZorBADiagnostics
import ZorBAPrivacy
import ZorBASecureAggregation

/// One site's part of noise that adds up under secure aggregation.
///
/// Shares are the noise that was promised only if what is added up is what was drawn: a number that is
/// rounded or cut off on its way is no longer the sum of a clipped vector and noise.
struct NoiseShares {
  /// The grid, on which what a site sends is a whole number below 2^24 of steps over the divisor.
  let grid: NoiseGrid
  /// What the magnitude of a number that a site sends will not exceed.
  let largest: Double
  /// log2 of what sums are divided by.
  let divisorBits: Int

  /// - Parameters:
  ///   - sigma: The noise multiplier of the whole noise.
  ///   - divisor: What the sum is divided by: a power of two.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the noise cannot be sampled.
  init(
    _ privacy: DifferentialPrivacyConfiguration, sigma: Double, divisor: Int
  ) throws {
    let share = sigma * privacy.clip / Double(privacy.shares).squareRoot()
    let expected = Double(divisor)
    // A batch of more rows has a probability below 10^-30.
    let drawn = privacy.level == .record ? expected + 12 * expected.squareRoot() + 40 : 1
    let bound = drawn * privacy.clip + 12 * share
    grid = try NoiseGrid(deviation: share, exactUpTo: bound)
    largest = bound / expected
    divisorBits = divisor.trailingZeroBitCount
  }

  /// Fraction bits that a number which is added up must have.
  var fractionBits: Int { grid.fractionBits + divisorBits }
}

extension RunConfiguration {
  /// The first rule of shares of noise that secure aggregation, as it is configured, breaks; nil when all
  /// hold.
  ///
  /// No sum is told of fewer than `minimum_group` sites nor, by the classes that sites keep, can be
  /// computed from several; of these `adversary_share` of the federation may collude.
  var shareSumFault: Fault? {
    guard let privacy = differentialPrivacy, let sigma = privacy.noiseMultiplier else { return nil }
    let count = federation.sites.isEmpty ? federation.clients : federation.sites.count
    let secure = secureAggregation
    let colluders = Int((secure.adversaryShare * Double(count) + 1e-9).rounded(.down))
    guard secure.minimumGroup >= privacy.shares + colluders else {
      return (
        "secure_aggregation.minimum_group",
        "\(secure.minimumGroup) with differential_privacy.shares \(privacy.shares)",
        "at least \(privacy.shares + colluders), as every sum must hold \(privacy.shares) honest shares of "
          + "noise and \(colluders) of \(count) sites may collude (adversary_share), or fewer shares"
      )
    }
    do {
      let shares = try NoiseShares(
        privacy, sigma: sigma, divisor: privacy.level == .record ? batch.size : 1)
      guard secure.clip >= shares.largest else {
        return (
          "secure_aggregation.clip", "\(secure.clip)",
          "at least \(shares.largest.rounded(.up)): a share of noise that is cut off does not add up"
        )
      }
      let words = try FixedPoint(
        clip: secure.clip, totalWeight: Double(count), members: count)
      guard words.fractionBits >= shares.fractionBits else {
        return (
          "secure_aggregation.clip",
          "\(secure.clip), which leaves \(words.fractionBits) fraction bits",
          "a smaller one, or a larger differential_privacy.clip: the grid of the noise has "
            + "\(shares.fractionBits) fraction bits, and noise that is rounded does not add up"
        )
      }
    } catch let error as ZorBAError {
      return (
        error.location.field ?? "differential_privacy.clip", error.message,
        "a clip and a noise multiplier whose noise can be sampled"
      )
    } catch {
      return ("differential_privacy.noise", "\(error)", "noise: central")
    }
    return nil
  }
}
