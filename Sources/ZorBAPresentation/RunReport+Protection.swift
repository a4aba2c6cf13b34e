import ZorBA
import ZorBAReport

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension RunReport.Protection {
  /// What a result says, so that page and `result.json` agree.
  init(_ protection: RunProtection, spent: PrivacyReport?) {
    let masks = protection.secureAggregation
    self.init(
      isMasked: masks.isOn, minimumGroup: masks.isOn ? masks.minimumGroup : nil,
      smallestGroup: protection.smallestGroup, clearBecause: protection.clearBecause,
      rule: Self.rule(protection.aggregation),
      approvals: protection.approvals.map { .init($0.approver, Self.instant($0.time)) })
    privacy = protection.differentialPrivacy.map { promised in
      Privacy(
        level: promised.level.rawValue, epsilon: promised.epsilon, delta: promised.delta,
        clip: promised.clip, noise: promised.noise.rawValue,
        noiseMultiplier: promised.noiseMultiplier,
        sites: (spent?.sites ?? []).map {
          .init(
            site: $0.name, epsilon: $0.epsilon, noiseMultiplier: $0.noiseMultiplier,
            samplingRate: $0.samplingRate, uses: $0.uses)
        })
    }
  }

  /// A rule and what it is given.
  private static func rule(_ aggregation: AggregationConfiguration) -> String {
    switch aggregation.rule {
    case .mean: "weighted mean"
    case .median: "weighted median"
    case .trimmedMean: "weighted mean without a share of \(aggregation.trim) at either end"
    case .normClipped:
      switch aggregation.clip {
      case .auto: "weighted mean of answers cut down to three times the usual norm"
      case .norm(let bound): "weighted mean of answers cut down to a norm of \(bound)"
      }
    }
  }

  /// UTC; times that no calendar has are left as they are.
  private static func instant(_ time: Double) -> String {
    (0...253_402_300_799).contains(time)
      ? Date(timeIntervalSince1970: time.rounded(.down)).ISO8601Format() : "\(time)"
  }
}
