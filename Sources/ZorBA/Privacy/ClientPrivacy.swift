import ZorBADiagnostics
package import ZorBAPrivacy

/// One client's scalars on their way out: sampled in secret, clipped, noised, and charged.
package final class ClientPrivacy {
  package let mechanism: ClientMechanism
  package let meter: PrivacyMeter
  private var random: any CryptographicGenerator
  /// The answer to the latest round: asked again, it is given again, which costs nothing more.
  private var latest: (round: UInt64, blocks: [Int], scalars: [[Float]])?

  /// - Parameter random: Where samples and noise come from; never a run's seed.
  package init(
    _ mechanism: ClientMechanism, meter: PrivacyMeter,
    random: any CryptographicGenerator = SystemRandomNumberGenerator()
  ) {
    self.mechanism = mechanism
    self.meter = meter
    self.random = random
  }

  /// The places of a minibatch's examples; nil where the unit is the site, which samples as ever.
  func batch() -> [Int]? {
    func sample(_ random: inout some CryptographicGenerator) -> [Int]? {
      mechanism.sampling?.sample(using: &random)
    }
    return sample(&random)
  }

  /// The private scalars of a step.
  ///
  /// - Parameter vectors: One for each unit: for a record its scalars under every direction.
  func scalars(_ vectors: [[Double]]) -> [Float] {
    func release(_ random: inout some CryptographicGenerator) -> [Double] {
      mechanism.release.release(vectors, dimension: mechanism.directions, using: &random)
    }
    return release(&random).map { Float($0) }
  }

  /// The answer to a round that was charged already; nil when there is none.
  func known(round: UInt64, blocks: [Int]) -> [[Float]]? {
    guard let latest, latest.round == round, latest.blocks == blocks else { return nil }
    return latest.scalars
  }

  /// Refuses a round before anything is computed for it.
  func require() throws { try meter.require(mechanism.usesPerRound) }

  /// Charges an answer, durably; it may leave when this returns.
  func charge(round: UInt64, blocks: [Int], scalars: [[Float]]) throws {
    try meter.reserve(mechanism.usesPerRound)
    latest = (round, blocks, scalars)
  }
}
