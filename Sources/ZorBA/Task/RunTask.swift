import ZorBAData
import ZorBADiagnostics
import ZorBAModels
import ZorBATokenizers

extension Tokenizer: TextEncoder {}

/// What a run asks of its model, ready to encode rows.
struct RunTask {
  /// The labels of a classification; empty otherwise.
  let labels: [String]
  private let kind: Kind

  private enum Kind {
    case classification(ClassificationTask)
    case multipleChoice(MultipleChoiceTask)
    case languageModeling(LanguageModelingTask)
    case completion(CompletionTask)
  }

  /// - Throws: `ZorBAError` when the template, the labels or the training file cannot be used.
  init(_ configuration: RunConfiguration, loaded: LoadedModel) throws {
    try self.init(
      configuration.task, batch: configuration.batch,
      labelsFrom: configuration.data.train, loaded: loaded)
  }

  /// - Parameters:
  ///   - task: What is asked.
  ///   - batch: The token limit.
  ///   - files: Where labels are collected when the task lists none.
  ///   - loaded: The model.
  init(
    _ task: TaskConfiguration, batch: BatchConfiguration, labelsFrom files: [String],
    loaded: LoadedModel
  ) throws {
    let tokens = min(batch.maxTokens, loaded.configuration.maximumPositions)
    let encoder = loaded.tokenizer
    switch task.kind {
    case .classification:
      let listed = try task.labels.isEmpty ? Self.collectLabels(files) : task.labels
      labels = listed.map(\.value)
      kind = .classification(
        try ClassificationTask(
          template: task.template ?? ClassificationTask.defaultTemplate, labels: listed,
          encoder: encoder, maximumTokens: tokens))
    case .multipleChoice:
      labels = []
      kind = .multipleChoice(
        try MultipleChoiceTask(
          template: task.template ?? MultipleChoiceTask.defaultTemplate, encoder: encoder,
          maximumTokens: tokens))
    case .languageModeling:
      labels = []
      kind = .languageModeling(LanguageModelingTask(encoder: encoder, maximumTokens: tokens))
    case .completion:
      labels = []
      kind = .completion(
        CompletionTask(
          promptColumn: task.promptColumn, completionColumn: task.completionColumn,
          encoder: encoder, maximumTokens: tokens))
    }
  }

  /// The label values of some files, sorted; each is its own word, underscores read as blanks.
  private static func collectLabels(_ files: [String]) throws -> [(value: String, word: String)] {
    var values: Set<String> = []
    for file in files {
      try RowFile.forEachRow(of: file) { values.insert(try $0.text("label")) }
    }
    return values.sorted().map { ($0, $0.split(separator: "_").joined(separator: " ")) }
  }

  /// Reads and encodes a file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - limit: The most rows to use, 0 for all.
  ///   - siteColumn: The column that names a row's site; `site` is taken where it exists.
  /// - Throws: `ZorBAError` naming file and line of a row that cannot be used.
  func rows(at path: String, limit: Int = 0, siteColumn: String? = nil) throws -> [EncodedExample] {
    if case .languageModeling(let task) = kind, path.hasSuffix(".txt") {
      let windows = task.windows(of: try RowFile.text(of: path))
      guard !windows.isEmpty else {
        throw ZorBAError(.invalidData, "the text is too short", at: .init(file: path))
      }
      return limit > 0 ? Array(windows.prefix(limit)) : windows
    }
    var examples: [EncodedExample] = []
    try RowFile.forEachRow(of: path) { row in
      guard limit == 0 || examples.count < limit else { return }
      let site = try siteColumn.map { try row.text($0) } ?? (try? row.text("site"))
      examples += try encode(row).map { example in
        var example = example
        example.site = site
        return example
      }
    }
    return examples
  }

  private func encode(_ row: Row) throws -> [EncodedExample] {
    switch kind {
    case .classification(let task): [try task.encode(row)]
    case .multipleChoice(let task): [try task.encode(row)]
    case .languageModeling(let task): try task.encode(row)
    case .completion(let task): [try task.encode(row)]
    }
  }
}
