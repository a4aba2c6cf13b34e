import ZorBA
import ZorBADiagnostics

extension SecureAggregationConfiguration {
  /// Reads `secure_aggregation: on`, or a section with `mode` and the rest.
  ///
  /// - Throws: `ZorBAError` naming the key that cannot be used.
  init(_ root: ConfigurationSection, key: String = "secure_aggregation") throws {
    self.init()
    if case .scalar = root.node(key)?.content {
      mode = try root.choice(key, default: mode)
      return
    }
    let section = try root.section(key)
    mode = try section.choice("mode", default: mode)
    minimumGroup = try section.integer(
      "minimum_group", in: 0...FederationConfiguration.maximumSites, default: minimumGroup)
    let isAny: (Double) -> Bool = { _ in true }
    clip = try section.number("clip", rule: "a number", default: clip, accepts: isAny)
    adversaryShare = try section.number(
      "adversary_share", rule: "a share", default: adversaryShare, accepts: isAny)
    dropoutShare = try section.number(
      "dropout_share", rule: "a share", default: dropoutShare, accepts: isAny)
    try section.finish()
    if let fault {
      let name = String(fault.key.dropFirst(key.count + 1))
      throw section.failure(
        name, "\(fault.value) cannot be used", advice: "Use \(fault.rule).")
    }
  }
}
