import ZorBA
import ZorBAReport

extension RunReport.Fairness {
  /// Nil where nothing is known of groups.
  init?(_ result: RunResult) {
    self.init()
    let last = result.after ?? result.before
    minimumCount = result.minimumCount
    segments = (last?.perSegment?.rows ?? []).map { row in
      .init(name: row.name, metrics: row.figures.flatMap(RunReport.Metrics.init))
    }
    let found: [(groups: String, gap: GroupGap?)] = [
      ("site", last?.siteGap(minimumCount: result.minimumCount)), ("segment", last?.segmentGap),
    ]
    gaps = found.compactMap { groups, gap in
      gap.map {
        .init(
          groups: groups, measure: $0.measure.rawValue, worst: ($0.worst, $0.worstValue),
          best: ($0.best, $0.bestValue))
      }
    }
    gains = result.againstAlone.map {
      .init(
        site: $0.client, measure: $0.measure.rawValue, alone: $0.alone, federated: $0.federated,
        gain: $0.gain)
    }
    if segments.isEmpty, gaps.isEmpty, gains.isEmpty { return nil }
  }
}

extension RunReport.Contribution {
  init(_ contribution: Contribution) {
    self.init(
      site: contribution.client, answered: contribution.answered, refused: contribution.refused,
      normRatio: contribution.normRatio, agreement: contribution.agreement,
      influence: contribution.influence)
  }
}
