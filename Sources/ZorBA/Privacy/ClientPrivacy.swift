import Crypto
import ZorBADiagnostics
import ZorBAOptimization
package import ZorBAPrivacy

/// One client's scalars on their way out: sampled in secret, clipped, noised, and charged.
package final class ClientPrivacy {
  package let mechanism: ClientMechanism
  package let meter: PrivacyMeter
  private var random: any CryptographicGenerator
  /// The answer to the latest round: asked again, it is given again, which costs nothing more.
  private let answers: PrivateAnswers
  /// What the run is, besides its name: answers of another one are not this one's.
  private let identity: [UInt8]
  /// Whether the latest answer is kept and not charged.
  private var owes: Bool

  /// - Parameters:
  ///   - answers: Where answers are kept; by default they last as long as the process.
  ///   - identity: What the run is, besides its name.
  ///   - random: Where samples and noise come from; never a run's seed.
  package init(
    _ mechanism: ClientMechanism, meter: PrivacyMeter, answers: PrivateAnswers = PrivateAnswers(),
    identity: [UInt8] = [],
    random: any CryptographicGenerator = SystemRandomNumberGenerator()
  ) {
    self.mechanism = mechanism
    self.meter = meter
    self.answers = answers
    self.identity = identity
    self.random = random
    // The process before was killed after it kept the answer and before it charged it.
    owes = answers.latest(run: meter.terms.run).map { meter.generation < $0.generation } ?? false
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

  /// The answer to a round that was given already; nil when there is none.
  ///
  /// - Throws: `ZorBAError` with code `refused` for a round that was answered, or is before one that was,
  ///   where sites add shares of the noise: an answer drawn anew could be told from the sums' difference.
  func known(round: UInt64, blocks: [Int]) throws -> [[Float]]? {
    guard let latest = answers.latest(run: meter.terms.run) else { return nil }
    let round = Int(clamping: round)
    if latest.round == round, !latest.scalars.isEmpty, latest.question == question(blocks) {
      if owes {
        try meter.reserve(mechanism.usesPerRound)
        owes = false
      }
      return latest.scalars
    }
    guard mechanism.configuration.noise == .distributed, round <= latest.round else { return nil }
    throw ZorBAError(
      .refused,
      "round \(round) is asked for after round \(latest.round) was answered, and not as it was then: "
        + "where noise is added in shares, nothing is answered twice",
      at: .init(field: "differential_privacy.noise"),
      advice: "Go on with later rounds, or start a run under another name.")
  }

  /// Refuses a round before anything is computed for it.
  func require() throws { try meter.require(mechanism.usesPerRound) }

  /// Keeps an answer and charges it, durably; it may leave when this returns.
  ///
  /// It is kept first: what cannot be kept costs nothing, however often it is tried.
  func charge(round: UInt64, blocks: [Int], scalars: [[Float]]) throws {
    try answers.keep(
      .init(
        run: meter.terms.run, round: Int(clamping: round), question: question(blocks),
        generation: meter.generation + 1, scalars: scalars))
    owes = true
    try meter.reserve(mechanism.usesPerRound)
    owes = false
  }

  /// A digest of what is asked besides the round.
  private func question(_ blocks: [Int]) -> String {
    var hash = SHA256()
    hash.update(data: identity)
    for block in blocks { hash.update(data: Array("/\(block)".utf8)) }
    return Hexadecimal.text(of: hash.finalize().prefix(16))
  }
}
