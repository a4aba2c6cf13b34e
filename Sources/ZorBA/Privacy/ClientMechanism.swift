import ZorBADiagnostics
package import ZorBAPrivacy

/// What makes one client's scalars private, and what that costs: worked out from the configuration and
/// the number of the client's rows, without touching them.
///
/// A step is one use of the mechanism: every step, also every local step of one round, draws a
/// minibatch of its own, so that steps compose.
package struct ClientMechanism: Sendable {
  package let configuration: DifferentialPrivacyConfiguration
  /// Whom a record-level step draws; nil where a site as a whole is the unit and samples as ever.
  package var sampling: PoissonSampling?
  /// Clips, sums, adds noise, divides.
  package let release: GaussianRelease
  /// What the accountants count: under shares of noise, the sum of the shares that are certain.
  package let mechanism: SubsampledGaussian
  /// What the noise's grid adds to epsilon, a use.
  package let excess: Double
  /// Uses in a round.
  package let usesPerRound: Int
  /// The examples that are told: a public number, whatever was drawn.
  package let statedExamples: Int
  /// Scalars of a step.
  package let directions: Int

  /// - Parameters:
  ///   - examples: The client's rows; they count as public.
  ///   - sigma: The noise multiplier.
  private init(
    _ run: RunConfiguration, _ privacy: DifferentialPrivacyConfiguration, examples: Int,
    sigma: Double
  ) throws {
    configuration = privacy
    directions = run.method.directions
    usesPerRound = run.method.localSteps
    let expected = min(run.batch.size, examples)
    statedExamples = expected * usesPerRound
    let isRecord = privacy.level == .record
    sampling =
      isRecord ? PoissonSampling(exampleCount: examples, expectedSize: expected) : nil
    let divisor = isRecord ? Double(expected) : 1
    let grid: NoiseGrid
    switch privacy.noise {
    case .central: grid = try NoiseGrid(deviation: sigma * privacy.clip)
    case .distributed:
      guard !isRecord || expected == run.batch.size else {
        throw ZorBAError(
          .invalidConfiguration,
          "a batch of \(run.batch.size) cannot be drawn from \(examples) rows where noise is added in "
            + "shares", at: .init(field: "batch.size"),
          advice: "Use a power of two that no site's rows fall below, or noise: central.")
      }
      grid = try NoiseShares(privacy, sigma: sigma, divisor: Int(divisor)).grid
    }
    release = GaussianRelease(clip: privacy.clip, grid: grid, divisor: divisor)
    guard
      let mechanism = SubsampledGaussian(
        samplingRate: sampling?.rate ?? 1, noiseMultiplier: sigma)
    else {
      throw ZorBAError(
        .invalidConfiguration, "\(sigma) cannot be used",
        at: .init(field: "differential_privacy.noise_multiplier"), advice: "Use a number above 0.")
    }
    self.mechanism = mechanism
    excess = grid.excessLoss(dimension: run.method.directions)
  }

  /// The mechanism of a client of a run.
  ///
  /// - Parameter noise: Looks up or computes sigma, which clients of one sampling rate share.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when no noise keeps the promise or it
  ///   cannot be sampled.
  package init(
    _ run: RunConfiguration, _ privacy: DifferentialPrivacyConfiguration, examples: Int,
    noise: inout NoiseTable
  ) throws {
    let rate =
      privacy.level == .record
      ? Double(min(run.batch.size, examples)) / Double(examples) : 1
    try self.init(
      run, privacy, examples: examples, sigma: try noise.multiplier(run, privacy, rate: rate))
  }

  var adjacency: Adjacency { configuration.neighbours == .replace ? .replace : .addRemove }

  /// What is limited, for a run of this name, or also for whatever has this specification.
  package func terms(
    run: String, specification: String? = nil, total: Double?
  ) -> PrivacyMeter.Terms {
    .init(
      run: run, specification: specification, mechanism: mechanism, adjacency: adjacency,
      delta: configuration.delta, epsilon: configuration.epsilon, total: total, excess: excess)
  }
}

/// Noise multipliers by sampling rate, each computed once.
package struct NoiseTable: Sendable {
  private var known: [Double: Double] = [:]

  package init() {}

  /// sigma, as given or computed.
  fileprivate mutating func multiplier(
    _ run: RunConfiguration, _ privacy: DifferentialPrivacyConfiguration, rate: Double
  ) throws -> Double {
    if let given = privacy.noiseMultiplier { return given }
    if let found = known[rate] { return found }
    let (rounds, _) = run.rounds.addingReportingOverflow(privacy.spareRounds)
    let (uses, overflow) = rounds.multipliedReportingOverflow(by: run.method.localSteps)
    // The grid of central noise takes less than this of epsilon.
    let grid = 6.2 * Double(run.method.directions) * Double(uses) * 0x1p-48
    guard !overflow, grid < privacy.epsilon / 2 else {
      throw ZorBAError(
        .invalidConfiguration, "\(run.rounds) rounds cannot be accounted for",
        at: .init(field: "rounds"), advice: "Use fewer rounds, steps or directions.")
    }
    let sigma = try NoiseCalibration(
      epsilon: privacy.epsilon - grid, delta: privacy.delta, count: uses, samplingRate: rate,
      adjacency: privacy.neighbours == .replace ? .replace : .addRemove
    ).noiseMultiplier()
    known[rate] = sigma
    return sigma
  }
}
