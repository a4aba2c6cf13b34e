import ZorBA
import ZorBADiagnostics

extension DifferentialPrivacyConfiguration {
  /// Reads `differential_privacy`.
  ///
  /// - Throws: `ZorBAError` naming a key that is missing, unknown or out of range.
  init(_ section: ConfigurationSection) throws {
    let isAny: (Double) -> Bool = { _ in true }
    guard section.presentKeys.contains("epsilon") else {
      throw section.failure(
        "epsilon", "is missing", advice: "Give the epsilon that the run promises each site, e.g. 3."
      )
    }
    self.init(
      epsilon: try section.number(
        "epsilon", rule: "a number above 0", default: 0, accepts: isAny))
    level = try section.choice("level", default: level)
    delta = try section.number("delta", rule: "a number above 0", default: delta, accepts: isAny)
    clip = try section.number("clip", rule: "a number above 0", default: clip, accepts: isAny)
    noise = try section.choice("noise", default: noise)
    neighbours = try section.choice("neighbours", default: neighbours)
    if try section.text("noise_multiplier") != nil {
      noiseMultiplier = try section.number(
        "noise_multiplier", rule: "a number above 0", default: 1, accepts: isAny)
    }
    shares = try section.integer(
      "shares", in: 0...FederationConfiguration.maximumSites, default: shares)
    spareRounds = try section.integer(
      "spare_rounds", in: 0...Self.mostSpareRounds, default: spareRounds)
    try section.finish()
    if let fault {
      let key = String(fault.key.dropFirst("differential_privacy.".count))
      throw section.failure(key, "\(fault.value) cannot be used", advice: "Use \(fault.rule).")
    }
  }
}
