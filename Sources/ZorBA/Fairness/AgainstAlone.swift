package import ZorBAJSON

/// What a site has of the federation: the common model on its rows beside the one it trains alone.
public struct AgainstAlone: Sendable, Equatable {
  /// Whether the site is better off.
  public enum Verdict: String, Sendable {
    /// The common model is better on its rows.
    case gains
    /// The site's own model is.
    case loses
    /// Neither.
    case level
  }

  /// The site.
  public var client: String
  /// What is compared.
  public var measure: GroupGap.Measure
  /// The site's own model.
  public var alone: Double
  /// The common model.
  public var federated: Double
  /// Rows that both were measured on.
  public var examples: Int

  /// How much better the common model is: in accuracy, or in loss where there is none.
  public var gain: Double { measure == .accuracy ? federated - alone : alone - federated }
  /// Whether that is a gain.
  public var verdict: Verdict { gain > 0 ? .gains : gain < 0 ? .loses : .level }

  package var json: JSONValue {
    [
      "client": .string(client), "measure": .string(measure.rawValue), "alone": .number(alone),
      "federated": .number(federated), "gain": .number(gain),
      "verdict": .string(verdict.rawValue), "examples": .integer(examples),
    ]
  }
}

extension RunResult {
  /// Who gains and who loses against training alone, the greatest loss first; empty where that was not
  /// tried. A site is measured on its own rows where they are marked as such, else on all.
  public var againstAlone: [AgainstAlone] {
    guard let after else { return [] }
    let rows = alone.compactMap { site -> AgainstAlone? in
      func own(_ evaluation: Evaluation) -> Evaluation.Figures? {
        evaluation.perClient.first { $0.name == site.client }?.figures
      }
      let hasOwn = own(after) != nil && own(site.evaluation) != nil
      let federated = hasOwn ? own(after) ?? after.overall : after.overall
      let alone = hasOwn ? own(site.evaluation) ?? site.evaluation.overall : site.evaluation.overall
      if let mine = alone.accuracy, let common = federated.accuracy {
        return AgainstAlone(
          client: site.client, measure: .accuracy, alone: mine, federated: common,
          examples: federated.examples)
      }
      guard alone.loss.isFinite, federated.loss.isFinite else { return nil }
      return AgainstAlone(
        client: site.client, measure: .loss, alone: alone.loss, federated: federated.loss,
        examples: federated.examples)
    }
    return rows.sorted { ($0.gain, $0.client) < ($1.gain, $1.client) }
  }

  /// The member `fairness` of `result.json`.
  var fairnessJSON: JSONValue {
    let last = after ?? before
    return [
      "sites": last?.siteGap(minimumCount: minimumCount)?.json ?? .null,
      "segments": last?.segmentGap?.json ?? .null,
      "against_alone": .array(againstAlone.map(\.json)),
      "alarms": .array(driftAlarms.map(\.json)),
    ]
  }
}
