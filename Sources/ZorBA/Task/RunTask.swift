import ZorBAData
import ZorBADiagnostics
import ZorBAModels
import ZorBATokenizers

extension Tokenizer: TextEncoder {}

/// What a run asks of its model, ready to encode rows.
struct RunTask {
  /// The labels or choices, by number; empty for tasks without.
  let labels: [String]
  private let loader: DatasetLoader
  private let reference: Dataset?

  /// - Parameters:
  ///   - task: What is asked.
  ///   - batch: The token limit.
  ///   - files: Where labels are collected when the task lists none.
  ///   - siteColumn: The column that names a row's site; nil takes `site` where there is one.
  ///   - segmentColumn: The column that names a row's segment; nil for figures without segments.
  ///   - loaded: The model.
  /// - Throws: `ZorBAError` when the template or the labels cannot be used.
  init(
    _ task: TaskConfiguration, batch: BatchConfiguration, labelsFrom files: [String],
    siteColumn: String? = nil, segmentColumn: String? = nil, loaded: LoadedModel
  ) throws {
    var definition = TaskDefinition(
      TaskDefinition.Kind(rawValue: task.kind.rawValue) ?? .classification,
      template: task.template,
      labels: task.labels.isEmpty
        ? nil : task.labels.map { .init(value: $0.value, word: $0.word) },
      maximumTokens: min(batch.maxTokens, loaded.configuration.maximumPositions))
    definition.head =
      switch loaded.configuration.head {
      case .languageModel: .nextToken
      case .maskedLM: .maskedToken
      case .embedding, .prototypes, .classifier, .sequenceClassifier: .wholeText
      }
    definition.columns.prompt = task.promptColumn
    definition.columns.completion = task.completionColumn
    if let siteColumn {
      definition.columns.site = siteColumn
      definition.columns.requiresSite = true
    }
    definition.columns.segment = segmentColumn
    let loader = try DatasetLoader(definition, encoder: loaded.tokenizer)
    self.loader = loader
    if task.kind == .classification, task.labels.isEmpty {
      let known = try loader.load(clientFiles: files).dataset
      reference = Dataset(examples: [], labels: known.labels)
      labels = known.labels
    } else {
      reference = nil
      labels = task.labels.map(\.value)
    }
  }

  /// Reads and encodes a file.
  ///
  /// - Parameter limit: The most examples to use, 0 for all.
  /// - Throws: `ZorBAError` naming file and line of a row that cannot be used.
  func rows(at path: String, limit: Int = 0) throws -> Dataset {
    let dataset = try loader.load(path, labelsOf: reference)
    guard limit > 0, limit < dataset.examples.count else { return dataset }
    return dataset.selecting(Array(0..<limit))
  }

  /// Reads one file for each client and joins them.
  func rows(ofClients paths: [String]) throws -> (dataset: Dataset, counts: [Int]) {
    try loader.load(clientFiles: paths, labelsOf: reference)
  }
}
