import ZorBA
import ZorBADiagnostics

extension AggregationConfiguration {
  /// - Throws: `ZorBAError` naming a key of another rule, or a value that cannot be used.
  init(_ section: ConfigurationSection) throws {
    self.init()
    rule = try section.choice("rule", default: rule)
    for (key, owner) in [("trim", Rule.trimmedMean), ("clip", .normClipped)]
    where section.presentKeys.contains(key) && rule != owner {
      throw section.failure(
        key, "is a key of \(owner.rawValue), not of \(rule.rawValue)",
        advice: "Leave it out, or set \(section.key("rule")).")
    }
    trim = try section.number(
      "trim", rule: "a share of the weight above 0, below 0.5", default: trim
    ) { $0 > 0 && $0 < 0.5 }
    if let text = try section.text("clip"), text != "auto" {
      clip = .norm(
        try section.number("clip", rule: "auto, or a number above 0", default: 1) { $0 > 0 })
    }
    try section.finish()
  }
}
