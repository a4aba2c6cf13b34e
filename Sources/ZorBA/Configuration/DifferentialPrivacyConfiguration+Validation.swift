import ZorBAOptimization

extension DifferentialPrivacyConfiguration {
  /// The largest delta: beyond, a promise is none.
  package static let largestDelta = 1e-3
  package static let largestEpsilon = 1000.0
  package static let clips = 1e-6...1e6
  package static let noiseMultipliers = 0.05...1e6
  package static let mostSpareRounds = 1_000_000

  /// The first rule that a value breaks; nil when all hold.
  package var fault: RunConfiguration.Fault? {
    let rules: [(holds: Bool, key: String, value: String, rule: String)] = [
      (
        epsilon > 0 && epsilon <= Self.largestEpsilon, "epsilon", "\(epsilon)",
        "a number above 0, at most \(Self.largestEpsilon)"
      ),
      (
        delta > 0 && delta <= Self.largestDelta, "delta", "\(delta)",
        "a number above 0, at most \(Self.largestDelta), far below one over the rows of a site"
      ),
      (Self.clips.contains(clip), "clip", "\(clip)", "a number from 1e-6 to 1e6"),
      (
        noiseMultiplier.map(Self.noiseMultipliers.contains) ?? true, "noise_multiplier",
        noiseMultiplier.map { "\($0)" } ?? "", "a number from 0.05 to 1e6, or leave it out"
      ),
      (
        (0...Self.mostSpareRounds).contains(spareRounds), "spare_rounds", "\(spareRounds)",
        "0 to \(Self.mostSpareRounds)"
      ),
      (
        noise == .distributed || shares == 0, "shares", "\(shares)",
        "noise: distributed with it, or leave it out"
      ),
      (
        noise == .central || (2...FederationConfiguration.maximumSites).contains(shares), "shares",
        "\(shares)", "the number of honest sites that every sum is over at least, from 2"
      ),
      (
        noise == .central || noiseMultiplier != nil, "noise_multiplier", "None for shares of noise",
        "the same number at all sites: shares must be alike to add up"
      ),
    ]
    return rules.first { !$0.holds }
      .map { ("differential_privacy.\($0.key)", $0.value, $0.rule) }
  }
}

extension RunConfiguration {
  /// The first rule that differential privacy breaks, or that the run breaks of its; nil when all hold.
  package var differentialPrivacyFault: Fault? {
    guard let privacy = differentialPrivacy else { return nil }
    return privacy.fault ?? leakFault ?? fairness?.conflict(withDifferentialPrivacy: true)
      ?? (privacy.noise == .distributed ? shareFault : nil)
  }

  /// What would leave the site without noise.
  private var leakFault: Fault? {
    if method.name.isFirstOrder {
      return (
        "differential_privacy",
        "With method \(method.name.rawValue), whose answers are dense updates, it",
        "a zeroth-order method: noise is added to scalars, one vector a row, and there is no bound on "
          + "what a row does to an update"
      )
    }
    if blocks.replanEvery > 0 {
      return (
        "blocks.replan_every",
        "\(blocks.replanEvery) with differential_privacy",
        "0: plans are made anew from the scalars of half minibatches, which carry no noise and are "
          + "not sent"
      )
    }
    if blocks.sensitivity == .probe {
      return (
        "blocks.sensitivity", "probe with differential_privacy",
        "prior or a file: a probe measures gradients of the rows without noise"
      )
    }
    return nil
  }

  /// What keeps shares of noise from adding up.
  private var shareFault: Fault? {
    let key = "differential_privacy.noise"
    guard hidesAnswers else {
      return (
        key, "distributed without secure aggregation",
        "secure_aggregation: on, or noise: central; a share alone hides too little"
      )
    }
    guard method.localSteps == 1 else {
      return (
        key, "distributed with method.local_steps \(method.localSteps)",
        "local_steps 1: a later step would follow scalars that carry only a share of the noise"
      )
    }
    guard federation.weights == .uniform else {
      return (
        key, "distributed with federation.weights \(federation.weights.rawValue)",
        "uniform: shares of sites that count differently add up to less"
      )
    }
    guard batch.size & (batch.size - 1) == 0 else {
      return (
        key, "distributed with batch.size \(batch.size)",
        "a power of two, so that what a site sends is a whole number of steps of the noise's grid"
      )
    }
    return shareSumFault
  }
}
