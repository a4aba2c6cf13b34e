import ZorBAData
import ZorBAModels
import ZorBATensor

extension FineTunedModel {
  /// Measures the model on labelled rows or text.
  ///
  /// - Parameters:
  ///   - file: A .jsonl, .csv, .tsv or .txt file.
  ///   - task: What is asked; without labels, the file's own are taken.
  ///   - batch: The token limit of a row.
  ///   - limit: The most rows to use, 0 for all.
  ///   - progress: Told how many rows are done, of how many.
  /// - Throws: `ZorBAError` naming file and line of a row that cannot be used.
  public func evaluate(
    file: String, task: TaskConfiguration = TaskConfiguration(),
    batch: BatchConfiguration = BatchConfiguration(), limit: Int = 0,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> Evaluation {
    let task = try RunTask(task, batch: batch, labelsFrom: [file], loaded: loaded)
    let rows = try task.rows(at: file, limit: limit)
    let scorer = try loaded.scorer(of: rows.examples)
    return try Evaluator(scorer: scorer).evaluate(rows, progress: progress)
  }
}

extension LoadedModel {
  /// A scorer for these examples and, under a budget, room for as many weights as go beside it.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the budget is too small.
  func scorer(of examples: [EncodedExample]) throws -> ExampleScorer {
    let scorer = ExampleScorer(model: model)
    guard let budget, let residency else { return scorer }
    let process = MemoryBudget.residentBytes(without: residency) + MemoryModel.scratchBytes
    let limited = try scorer.limited(
      to: budget.activationShare(beside: process + residency.leastCapacity), for: examples)
    try budget.allot(
      residency, besides: process + limited.peakActivationBytes(of: examples))
    return limited
  }
}
