import ZorBA
import ZorBADiagnostics

extension AdapterConfiguration {
  init(_ section: ConfigurationSection, resolved: (String) -> String) throws {
    self.init()
    if try section.text("kind") != nil { kind = try section.choice("kind", default: .lora) }
    if try section.text("rank") != nil {
      rank = try section.integer("rank", in: 1...Int.max, default: 1)
    }
    alpha = try Self.optional(section, "alpha")
    dropout = try Self.optional(section, "dropout")
    if try section.text("rank_stabilised") != nil {
      isRankStabilised = try section.flag("rank_stabilised", default: false)
    }
    targets = try section.texts("targets") ?? []
    feedForward = try section.texts("feed_forward") ?? []
    path = try section.text("path").map(resolved)
    base = try section.choice("base", default: base)
    baseDigest = try section.text("base_digest")
    try section.finish()
    if self == Self() { kind = .lora }
    if let fault {
      throw section.failure(
        fault.key, "\(fault.value) cannot be used", advice: "Use \(fault.rule).")
    }
  }

  private static func optional(_ section: ConfigurationSection, _ name: String) throws -> Double? {
    guard try section.text(name) != nil else { return nil }
    return try section.number(name, rule: "a number", default: 0) { _ in true }
  }
}
