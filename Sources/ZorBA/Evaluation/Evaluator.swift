import ZorBAData
import ZorBAModels

/// Measures a model on encoded rows.
struct Evaluator {
  let task: RunTask
  let scorer: ExampleScorer

  init(task: RunTask, model: Model) {
    self.task = task
    scorer = ExampleScorer(model: model)
  }

  /// Scores every row, as a whole and by site.
  ///
  /// - Parameter progress: Told how many rows are done, of how many.
  /// - Throws: `ZorBAError` when a row does not fit the model.
  func evaluate(
    _ rows: [EncodedExample], progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> Evaluation {
    var overall = Metrics(labels: task.labels.count)
    var bySite: [String: Metrics] = [:]
    let clock = ContinuousClock()
    let start = clock.now
    for pass in scorer.passes(rows, branches: 1) {
      let outcomes = try scorer.outcomes(of: Array(rows[pass]))[0]
      for (row, outcome) in zip(rows[pass], outcomes) {
        func count(_ metrics: inout Metrics) {
          metrics.add(
            answer: row.answer, prediction: outcome.prediction, loss: outcome.loss,
            weight: outcome.weight)
        }
        count(&overall)
        if let site = row.site {
          count(&bySite[site, default: Metrics(labels: task.labels.count)])
        }
      }
      progress(pass.upperBound, rows.count)
    }
    let seconds = (clock.now - start) / .seconds(1)
    let tokens = rows.reduce(0) { $0 + $1.tokenCount }
    let hasAnswers = rows.contains { $0.answer != nil }
    func figures(_ metrics: Metrics) -> Evaluation.Figures {
      Evaluation.Figures(
        accuracy: hasAnswers ? metrics.accuracy : nil,
        macroF1: hasAnswers ? metrics.macroF1 : nil, loss: metrics.loss,
        examples: metrics.examples)
    }
    return Evaluation(
      overall: figures(overall),
      perClient: bySite.keys.sorted().compactMap { name in
        bySite[name].map { (name, figures($0)) }
      },
      perLabel: task.labels.enumerated().map { index, label in
        let figures = overall.figures(label: index)
        return (label, figures.precision, figures.recall, figures.f1, figures.support)
      },
      tokensPerSecond: seconds > 0 ? Double(tokens) / seconds : 0)
  }
}
