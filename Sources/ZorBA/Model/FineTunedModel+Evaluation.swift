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
    return try Evaluator(model: loaded.model).evaluate(
      try task.rows(at: file, limit: limit), progress: progress)
  }
}
