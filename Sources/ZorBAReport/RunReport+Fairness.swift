extension RunReport {
  /// How the groups of rows fare, and what sites have of the federation.
  package struct Fairness: Equatable, Sendable {
    /// A segment; nil metrics where they are not told.
    package struct Segment: Equatable, Sendable {
      package var name: String
      package var metrics: Metrics?

      package init(name: String, metrics: Metrics?) {
        self.name = name
        self.metrics = metrics
      }
    }

    /// The worst of some groups beside the best, in one measure.
    package struct Gap: Equatable, Sendable {
      /// What the groups are: "site" or "segment".
      package var groups: String
      /// What is compared: "accuracy" or "loss".
      package var measure: String
      package var worst: (name: String, value: Double)
      package var best: (name: String, value: Double)

      package init(
        groups: String, measure: String, worst: (name: String, value: Double),
        best: (name: String, value: Double)
      ) {
        self.groups = groups
        self.measure = measure
        self.worst = worst
        self.best = best
      }

      package static func == (left: Gap, right: Gap) -> Bool {
        left.groups == right.groups && left.measure == right.measure && left.worst == right.worst
          && left.best == right.best
      }
    }

    /// A site's own model and the common one on its rows.
    package struct Gain: Equatable, Sendable {
      package var site: String
      package var measure: String
      package var alone: Double
      package var federated: Double
      /// Above 0 where the common model is better.
      package var gain: Double

      package init(
        site: String, measure: String, alone: Double, federated: Double, gain: Double
      ) {
        self.site = site
        self.measure = measure
        self.alone = alone
        self.federated = federated
        self.gain = gain
      }
    }

    package var segments: [Segment] = []
    /// Rows below which a segment is not told.
    package var minimumCount = 0
    package var gaps: [Gap] = []
    package var gains: [Gain] = []

    package init() {}
  }

  /// What a site brought.
  package struct Contribution: Equatable, Sendable {
    package var site: String
    package var answered: Double
    package var refused: Double
    package var normRatio: Double?
    package var agreement: Double?
    package var influence: Double?

    package init(
      site: String, answered: Double, refused: Double, normRatio: Double?, agreement: Double?,
      influence: Double?
    ) {
      self.site = site
      self.answered = answered
      self.refused = refused
      self.normRatio = normRatio
      self.agreement = agreement
      self.influence = influence
    }
  }
}

extension RunReport {
  /// The worst groups, the segments, and who gains and who loses.
  func fairnessSection() -> Markup? {
    guard let fairness else { return nil }
    var content = fairness.gaps.map { gap in
      Markup.tag(
        "p", [:],
        text: "Worst \(gap.groups): \(Self.named(gap.worst.name)) with \(gap.measure) "
          + "\(Self.value(gap.worst.value, gap.measure)); best: \(Self.named(gap.best.name)) with "
          + "\(Self.value(gap.best.value, gap.measure)).")
    }
    if !fairness.segments.isEmpty {
      let rows = fairness.segments.map { segment in
        guard let metrics = segment.metrics else {
          return [Self.named(segment.name), "not told", "", "", ""]
        }
        return [
          Self.named(segment.name), NumberText.percent(metrics.accuracy),
          metrics.macroF1.map { NumberText.fixed($0, digits: 3) } ?? "",
          metrics.loss.map { NumberText.significant($0, digits: 4) } ?? "",
          metrics.examples.map(NumberText.grouped) ?? "",
        ]
      }
      content.append(
        RunReport.table(
          ["segment", "accuracy", "macro F1", "loss", "examples"], rows, numbersFrom: 1))
      if fairness.segments.contains(where: { $0.metrics == nil }) {
        content.append(
          .tag(
            "p", [:],
            text: "Segments of fewer than \(NumberText.grouped(fairness.minimumCount)) rows are "
              + "not told, nor others from which they could be computed."))
      }
    }
    if !fairness.gains.isEmpty {
      let rows = fairness.gains.map { one in
        [
          one.site, one.gain > 0 ? "gains" : one.gain < 0 ? "loses" : "level",
          Self.value(one.alone, one.measure), Self.value(one.federated, one.measure),
          Self.signed(one.gain, one.measure),
        ]
      }
      let losers = fairness.gains.count { $0.gain < 0 }
      content.append(
        .tag(
          "p", [:],
          text: losers == 0
            ? "No site is worse off than with the model it trains alone."
            : "\(losers) of \(fairness.gains.count) sites are worse off than with the model they "
              + "train alone."))
      content.append(
        RunReport.table(
          ["site", "against alone", "alone", "federated", "difference"], rows, numbersFrom: 2))
    }
    return RunReport.section("Who gains and who loses", content)
  }

  /// What every site brought.
  func contributionsSection() -> Markup? {
    guard contributions.contains(where: { $0.normRatio != nil }) else { return nil }
    func number(_ value: Double?) -> String {
      value.map { NumberText.significant($0) } ?? ""
    }
    let rows = contributions.map { one in
      [
        one.site, NumberText.percent(one.answered), NumberText.percent(one.refused),
        number(one.normRatio), number(one.agreement), number(one.influence),
      ]
    }
    return RunReport.section(
      "What sites brought",
      [
        .tag(
          "p", [:],
          text: "Running figures of each site's scalars: their norm over the median of the "
            + "others', the cosine with the others' mean direction, and how far the coefficients "
            + "would be others without them."),
        RunReport.table(
          ["site", "answered", "refused", "size", "agreement", "influence"], rows,
          numbersFrom: 1),
      ])
  }

  private static func named(_ name: String) -> String { name.isEmpty ? "(none)" : name }

  private static func value(_ value: Double, _ measure: String) -> String {
    measure == "accuracy"
      ? NumberText.percent(value) : NumberText.significant(value, digits: 4)
  }

  private static func signed(_ value: Double, _ measure: String) -> String {
    (value > 0 ? "+" : "") + Self.value(value, measure)
  }
}
