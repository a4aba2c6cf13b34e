import ZorBA
import ZorBADiagnostics
import ZorBAOptimization

extension RunConfiguration {
  /// Reads `fairness`. Weights that do not follow losses are those of `federation.weights`, which they
  /// set where it is not given: a run has one way to weigh its sites.
  ///
  /// - Throws: `ZorBAError` naming a key or value that cannot be used.
  mutating func readFairness(_ root: ConfigurationSection) throws {
    let section = try root.section("fairness")
    guard case .mapping = root.node("fairness")?.content else { return }
    var fairness = FairnessConfiguration()
    fairness.segment = try section.text("segment")
    fairness.minimumCount = try section.integer(
      "minimum_count", in: 1...1_000_000_000, default: fairness.minimumCount)
    fairness.driftAlarm = try section.number(
      "drift_alarm", rule: "a number above 0", default: fairness.driftAlarm
    ) { $0 > 0 }
    let given =
      try section.text("weights") == nil
      ? nil : try section.choice("weights", default: FairnessConfiguration.Weights.examples)
    if given != .qFair, section.presentKeys.contains("q") {
      throw section.failure(
        "q", "is a key of q_fair weights", advice: "Set \(section.key("weights")) to q_fair.")
    }
    switch given {
    case nil: break
    case .qFair:
      fairness.lossExponent = try section.number(
        "q", rule: "a number above 0, at most 16", default: 1
      ) { $0 > 0 && $0 <= 16 }
    case .examples: try weigh(.examples, section, root)
    case .uniform: try weigh(.uniform, section, root)
    }
    try section.finish()
    if let fault = fairness.fault {
      throw section.failure(
        fault.key, "\(fault.value) cannot be used", advice: "Use \(fault.rule).")
    }
    self.fairness = fairness
  }

  private mutating func weigh(
    _ weights: ClientWeighting, _ section: ConfigurationSection, _ root: ConfigurationSection
  ) throws {
    let isGiven = try root.section("federation").presentKeys.contains("weights")
    guard !isGiven || federation.weights == weights else {
      throw section.failure(
        "weights",
        "is \(weights.rawValue), but federation.weights is \(federation.weights.rawValue)",
        advice: "Give one of the two.")
    }
    federation.weights = weights
  }
}
