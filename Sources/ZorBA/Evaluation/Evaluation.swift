package import ZorBAJSON

/// How well a model does on labelled rows, as a whole and by site.
public struct Evaluation: Sendable, Equatable {
  /// The figures of one set of rows.
  public struct Figures: Sendable, Equatable {
    /// Share of right predictions; nil for language modelling.
    public var accuracy: Double?
    /// F1 averaged over labels; nil for language modelling.
    public var macroF1: Double?
    /// Mean loss: per example, or per token for language modelling.
    public var loss: Double
    /// Rows evaluated.
    public var examples: Int

    package init(accuracy: Double?, macroF1: Double?, loss: Double, examples: Int) {
      self.accuracy = accuracy
      self.macroF1 = macroF1
      self.loss = loss
      self.examples = examples
    }
  }

  /// All rows.
  public var overall: Figures
  /// The rows of each site, where rows carry one.
  public var perClient: [(name: String, figures: Figures)]
  /// Precision, recall, F1 and support of each label.
  public var perLabel:
    [(label: String, precision: Double, recall: Double, f1: Double, support: Int)]
  /// The rows of each segment, where the run asks for it and rows name them.
  public var perSegment: SegmentTable?
  /// Tokens through the model per second.
  public var tokensPerSecond: Double

  /// Compares every figure but the speed.
  public static func == (left: Evaluation, right: Evaluation) -> Bool {
    left.overall == right.overall && left.perSegment == right.perSegment
      && left.perClient.elementsEqual(right.perClient) {
        $0.name == $1.name && $0.figures == $1.figures
      }
  }

  /// The evaluation as JSON.
  package var json: JSONValue {
    var members = Self.members(of: overall)
    members.append(
      (
        "per_client",
        Self.object(perClient.map { ($0.name, Self.object(Self.members(of: $0.figures))) })
      ))
    members.append(
      (
        "per_label",
        Self.object(
          perLabel.map { label in
            (
              label.label,
              [
                "precision": .number(label.precision), "recall": .number(label.recall),
                "f1": .number(label.f1), "support": .integer(label.support),
              ]
            )
          })
      ))
    if let perSegment { members.append(("per_segment", perSegment.json)) }
    members.append(("tokens_per_second", .number(tokensPerSecond)))
    return Self.object(members)
  }

  static func members(of figures: Figures) -> [(String, JSONValue)] {
    [
      ("accuracy", figures.accuracy.map { .number($0) } ?? .null),
      ("macro_f1", figures.macroF1.map { .number($0) } ?? .null),
      ("loss", .number(figures.loss)), ("examples", .integer(figures.examples)),
    ]
  }

  static func object(_ members: [(String, JSONValue)]) -> JSONValue {
    var object = JSONObject()
    for (key, value) in members { _ = object.append(.init(key: key, value: value)) }
    return .object(object)
  }

  /// Reads back what `json` wrote; nil when it is something else.
  package init?(json: JSONValue) {
    guard let overall = Figures(json: json) else { return nil }
    self.overall = overall
    perClient = (json["per_client"]?.object?.members ?? []).compactMap { member in
      Figures(json: member.value).map { (member.key, $0) }
    }
    perLabel = (json["per_label"]?.object?.members ?? []).compactMap { member in
      guard let precision = member.value["precision"]?.double,
        let recall = member.value["recall"]?.double, let f1 = member.value["f1"]?.double,
        let support = member.value["support"]?.integer
      else { return nil }
      return (member.key, precision, recall, f1, support)
    }
    tokensPerSecond = json["tokens_per_second"]?.double ?? 0
    perSegment = json["per_segment"].flatMap(SegmentTable.init(json:))
  }

  /// Creates an evaluation from its figures.
  package init(
    overall: Figures, perClient: [(name: String, figures: Figures)] = [],
    perLabel: [(label: String, precision: Double, recall: Double, f1: Double, support: Int)] = [],
    tokensPerSecond: Double = 0
  ) {
    self.overall = overall
    self.perClient = perClient
    self.perLabel = perLabel
    self.tokensPerSecond = tokensPerSecond
  }
}

extension Evaluation.Figures {
  /// Reads back what `Evaluation.json` wrote; nil when it is something else.
  init?(json value: JSONValue) {
    guard let loss = value["loss"]?.double, let examples = value["examples"]?.integer else {
      return nil
    }
    self.init(
      accuracy: value["accuracy"]?.double, macroF1: value["macro_f1"]?.double, loss: loss,
      examples: examples)
  }
}

extension Evaluation {
  /// The evaluation as one JSON object.
  public var jsonText: String { json.serialized }
}
