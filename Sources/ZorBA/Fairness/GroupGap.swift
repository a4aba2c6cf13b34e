package import ZorBAJSON

/// The group of rows that a model serves worst, and how far behind the best it is.
public struct GroupGap: Sendable, Equatable {
  /// What is compared.
  public enum Measure: String, Sendable {
    /// Share of right predictions.
    case accuracy
    /// Mean loss, where there are no predictions.
    case loss
  }

  /// What is compared.
  public var measure: Measure
  /// The group with the lowest accuracy, or the highest loss; the first by name of equals.
  public var worst: String
  /// Its figure.
  public var worstValue: Double
  /// The group with the highest accuracy, or the lowest loss.
  public var best: String
  /// Its figure.
  public var bestValue: Double

  /// How far they lie apart, from 0 up.
  public var gap: Double { abs(bestValue - worstValue) }

  /// Nil unless there are at least two groups that can be compared.
  package init?(_ groups: [(name: String, figures: Evaluation.Figures)]) {
    let hasAccuracy = groups.allSatisfy { $0.figures.accuracy != nil }
    // As a quality: more is better.
    func quality(_ figures: Evaluation.Figures) -> Double {
      hasAccuracy ? figures.accuracy ?? 0 : -figures.loss
    }
    let groups = groups.filter { quality($0.figures).isFinite }
    guard groups.count >= 2,
      let worst = groups.min(by: { quality($0.figures) < quality($1.figures) }),
      let best = groups.max(by: { quality($0.figures) < quality($1.figures) })
    else { return nil }
    measure = hasAccuracy ? .accuracy : .loss
    self.worst = worst.name
    self.best = best.name
    worstValue = abs(quality(worst.figures))
    bestValue = abs(quality(best.figures))
    if !hasAccuracy { (worstValue, bestValue) = (worst.figures.loss, best.figures.loss) }
  }

  package var json: JSONValue {
    [
      "measure": .string(measure.rawValue),
      "worst": ["name": .string(worst), "value": .number(worstValue)],
      "best": ["name": .string(best), "value": .number(bestValue)], "gap": .number(gap),
    ]
  }
}

extension Evaluation {
  /// The worst site among those with enough rows to say so; nil unless there are two.
  package func siteGap(minimumCount: Int) -> GroupGap? {
    GroupGap(perClient.filter { $0.figures.examples >= minimumCount })
  }

  /// The worst segment among those that are told; nil unless there are two.
  public var segmentGap: GroupGap? { perSegment.flatMap { GroupGap($0.told) } }
}
