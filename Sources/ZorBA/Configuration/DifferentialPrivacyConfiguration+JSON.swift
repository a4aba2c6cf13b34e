package import ZorBAJSON

extension DifferentialPrivacyConfiguration {
  /// The section of the run file; what has its default and is rarely asked for is left out.
  package var json: JSONValue {
    let standard = DifferentialPrivacyConfiguration(epsilon: epsilon)
    var members: [(String, JSONValue)] = [
      ("level", .string(level.rawValue)), ("epsilon", .number(epsilon)),
      ("delta", .number(delta)), ("clip", .number(clip)), ("noise", .string(noise.rawValue)),
    ]
    if let noiseMultiplier { members.append(("noise_multiplier", .number(noiseMultiplier))) }
    if neighbours != standard.neighbours {
      members.append(("neighbours", .string(neighbours.rawValue)))
    }
    if shares != standard.shares { members.append(("shares", .integer(shares))) }
    if spareRounds != standard.spareRounds {
      members.append(("spare_rounds", .integer(spareRounds)))
    }
    return RunConfiguration.object(members)
  }
}
