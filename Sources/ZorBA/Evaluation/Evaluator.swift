import ZorBAData
import ZorBADiagnostics
import ZorBAModels

/// Measures a model on encoded rows.
struct Evaluator {
  private let scorer: ExampleScorer
  private let fairness: FairnessConfiguration?

  /// - Parameter fairness: What may be told of segments; nil tells of none.
  init(scorer: ExampleScorer, fairness: FairnessConfiguration? = nil) {
    self.scorer = scorer
    self.fairness = fairness
  }

  /// Scores every row, as a whole and by site.
  ///
  /// - Parameter progress: Told how many rows are done, of how many.
  /// - Throws: `ZorBAError` when a row does not fit the model.
  func evaluate(
    _ dataset: Dataset, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> Evaluation {
    let rows = dataset.examples
    var overall = Metrics(labels: dataset.labels)
    var bySite: [String: Metrics] = [:]
    var bySegment: [String: Metrics] = [:]
    let hasSegments = fairness?.segment != nil && rows.contains { $0.segment != nil }
    let clock = ContinuousClock()
    let start = clock.now
    for pass in scorer.passes(rows, branches: 1) {
      let outcomes = try scorer.outcomes(of: Array(rows[pass]))[0]
      for (row, outcome) in zip(rows[pass], outcomes) {
        let loss = (sum: outcome.loss, weight: outcome.weight)
        overall.add(label: row.label, prediction: outcome.prediction, loss: loss)
        if let site = row.site {
          bySite[site, default: Metrics(labels: dataset.labels)]
            .add(label: row.label, prediction: outcome.prediction, loss: loss)
        }
      }
      if hasSegments {
        for (row, outcome) in zip(rows[pass], outcomes) {
          bySegment[row.segment ?? "", default: Metrics(labels: dataset.labels)].add(
            label: row.label, prediction: outcome.prediction,
            loss: (sum: outcome.loss, weight: outcome.weight))
        }
        try requireFew(bySegment.count)
      }
      progress(pass.upperBound, rows.count)
    }
    let seconds = (clock.now - start) / .seconds(1)
    let tokens = rows.reduce(0) { $0 + $1.tokenCount }
    var evaluation = Evaluation(
      overall: Evaluation.Figures(overall),
      perClient: bySite.keys.sorted().compactMap { name in
        bySite[name].map { (name, Evaluation.Figures($0)) }
      },
      perLabel: overall.perLabel.map {
        ($0.label, $0.precision, $0.recall, $0.f1, $0.support)
      },
      tokensPerSecond: seconds > 0 ? Double(tokens) / seconds : 0)
    if let fairness, hasSegments {
      evaluation.perSegment = SegmentTable(bySegment, minimumCount: fairness.minimumCount)
    }
    return evaluation
  }

  private func requireFew(_ segments: Int) throws {
    guard segments > SegmentTable.limit else { return }
    throw ZorBAError(
      .invalidData,
      "column '\(fairness?.segment ?? "")' has more than \(SegmentTable.limit) values",
      at: .init(field: "fairness.segment"), advice: "Name a column of few values.")
  }
}

extension Evaluation.Figures {
  init(_ metrics: Metrics) {
    self.init(
      accuracy: metrics.accuracy, macroF1: metrics.macroF1, loss: metrics.loss ?? .nan,
      examples: metrics.examples)
  }
}
