package import ZorBAJSON

/// What stood between the rows of a run and those who watch it, beside what was spent of a promise of
/// privacy: `protection` in `result.json`.
public struct RunProtection: Sendable, Equatable {
  /// Somebody's agreement to the run as it was specified.
  public struct Approval: Sendable, Equatable {
    /// The identity in the approver's certificate.
    public var approver: String
    /// Seconds since 1970.
    public var time: Double

    /// Creates an approval.
    public init(approver: String, time: Double) {
      self.approver = approver
      self.time = time
    }
  }

  /// How the coordinator was kept from seeing answers.
  public var secureAggregation: SecureAggregationConfiguration
  /// The fewest sites of which a sum was told; nil where none was.
  public var smallestGroup: Int?
  /// Why a run whose file left it to the coordinator went in the clear; nil where it did not.
  public var clearBecause: String?
  /// How answers were combined.
  public var aggregation: AggregationConfiguration
  /// What was promised about rows; nil where nothing was.
  public var differentialPrivacy: DifferentialPrivacyConfiguration?
  /// Who agreed to the run before it began; empty where nobody had to.
  public var approvals: [Approval] = []

  /// What a run's configuration says and its rounds show.
  public init(_ configuration: RunConfiguration, history: [RoundMetrics]) {
    secureAggregation = configuration.secureAggregation
    aggregation = configuration.aggregation
    differentialPrivacy = configuration.differentialPrivacy
    smallestGroup = history.flatMap(\.groups).map(\.clients.count).min()
  }

  package var json: JSONValue {
    let isOn = secureAggregation.isOn
    var masks: [(String, JSONValue)] = [
      ("mode", .string(isOn ? "on" : "off")),
      ("minimum_group", isOn ? .integer(secureAggregation.minimumGroup) : .null),
      ("smallest_group", smallestGroup.map { .integer($0) } ?? .null),
    ]
    if let clearBecause { masks.append(("reason", .string(clearBecause))) }
    return [
      "secure_aggregation": RunConfiguration.object(masks),
      "aggregation": aggregation.json ?? ["rule": .string(aggregation.rule.rawValue)],
      "differential_privacy": differentialPrivacy?.json ?? .null,
      "approvals": .array(
        approvals.map { ["approver": .string($0.approver), "time": .number($0.time)] }),
    ]
  }
}
