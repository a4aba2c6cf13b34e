import ZorBADiagnostics

/// Reads data files for a task.
package struct DatasetLoader: Sendable {
  private let task: TaskDefinition
  private let sequences: SequenceEncoder

  /// Creates a loader.
  ///
  /// - Throws: `ZorBAError` when the token limit is not positive.
  package init(_ task: TaskDefinition, encoder: any TextEncoder) throws {
    guard task.maximumTokens >= 1 else {
      throw ZorBAError(
        .invalidConfiguration, "\(task.maximumTokens) tokens hold no example",
        at: .init(field: "batch.max_tokens"), advice: "Use at least 1, better 64 or more.")
    }
    guard task.head == .nextToken || task.kind == .classification else {
      throw ZorBAError(
        .invalidConfiguration, "an encoder does classification, not \(task.kind.rawValue)",
        at: .init(field: "task.kind"), advice: "Use a decoder for this task.")
    }
    self.task = task
    sequences = SequenceEncoder(encoder)
  }

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: A `.jsonl`, `.ndjson`, `.csv`, `.tsv` or, for language modelling, `.txt` file.
  ///   - reference: A data set whose labels this one shares. Without one, and without labels in the
  ///     task, the labels are the values that the file has; pass the training set when loading the
  ///     others, so that numbers mean the same.
  /// - Throws: `ZorBAError` at the first row that cannot be used, with file and line.
  package func load(_ path: String, labelsOf reference: Dataset? = nil) throws -> Dataset {
    let file = try DataFile(path: path)
    let dataset =
      switch task.kind {
      case .classification: try classification(file, reference)
      case .multipleChoice: try multipleChoice(file, reference)
      case .languageModeling: try languageModeling(file)
      case .completion: try completion(file)
      }
    guard !dataset.examples.isEmpty else { throw Self.noExample(in: path) }
    return dataset
  }

  private static func noExample(in path: String) -> ZorBAError {
    ZorBAError(
      .invalidData, "the file holds no example", at: .init(file: path),
      advice: "Name a file with at least one row.")
  }

  /// Reads one file for each client and joins them; the counts go into `PartitionPlan.files`.
  package func load(
    clientFiles paths: [String], labelsOf reference: Dataset? = nil
  ) throws -> (dataset: Dataset, counts: [Int]) {
    guard !paths.isEmpty else {
      throw ZorBAError(
        .invalidConfiguration, "there are no client files",
        at: .init(field: "federation.partition.files"), advice: "Name one file for each client.")
    }
    // A site may lack a label that another has: the numbers come from all files together.
    var task = task
    if task.kind == .classification, task.labels == nil, reference == nil {
      var values: Set<String> = []
      for path in paths {
        let file = try DataFile(path: path)
        values.formUnion(
          try LabelSet.discover(in: file, column: task.columns.label).map(\.value))
      }
      task.labels = LabelSet.words(for: values)
    }
    let loader = try DatasetLoader(task, encoder: sequences.encoder)
    let parts = try paths.map { try loader.load($0, labelsOf: reference) }
    var labels = parts[0].labels
    if !parts.allSatisfy({ $0.labels == labels }) {
      labels = Self.numberedChoices(parts.lazy.map(\.labels.count).max() ?? 0)
    }
    let joined = Dataset(examples: parts.flatMap(\.examples), labels: labels)
    return (joined, parts.map(\.examples.count))
  }

  private func classification(_ file: DataFile, _ reference: Dataset?) throws -> Dataset {
    let words: [TaskDefinition.LabelWord] =
      if let given = task.labels {
        given
      } else if let reference {
        reference.labels.map { .init(value: $0, word: TaskDefinition.LabelWord.word(for: $0)) }
      } else {
        try discoverLabels(in: file)
      }
    let encode = try rowEncoder(labels: try LabelSet(words))
    var examples: [EncodedExample] = []
    try file.forEachRow {
      examples.append(try task.columns.segmented(encode($0), of: $0))
    }
    return Dataset(examples: examples, labels: words.map(\.value))
  }

  private func rowEncoder(labels: LabelSet) throws -> (Row) throws -> EncodedExample {
    switch task.head {
    case .nextToken:
      try ClassificationEncoder(task, labels: labels, sequences: sequences).encode
    case .maskedToken: try MaskedEncoder(task, labels: labels, encoder: sequences.encoder).encode
    case .wholeText:
      try WholeTextEncoder(task, labels: labels, encoder: sequences.encoder).encode
    }
  }

  private func discoverLabels(in file: DataFile) throws -> [TaskDefinition.LabelWord] {
    let words = try LabelSet.discover(in: file, column: task.columns.label)
    guard let first = words.first else { throw Self.noExample(in: file.path) }
    guard words.count >= 2 else {
      throw ZorBAError(
        .invalidData, "every row has the label '\(first.value)'",
        at: .init(file: file.path, field: task.columns.label),
        advice: "A classification chooses between two or more; list them in task.labels.")
    }
    return words
  }

  private static func numberedChoices(_ count: Int) -> [String] {
    (0..<count).map { "choice \($0)" }
  }

  /// Labels are the choices themselves when every row has the same ones, else their numbers.
  private func multipleChoice(_ file: DataFile, _ reference: Dataset?) throws -> Dataset {
    let encoder = try MultipleChoiceEncoder(task, sequences: sequences)
    var examples: [EncodedExample] = []
    var common: [String]?
    var most = reference?.labels.count ?? 0
    try file.forEachRow { row in
      let encoded = try encoder.encode(row)
      if examples.isEmpty {
        common = encoded.choices
      } else if common != encoded.choices {
        common = nil
      }
      most = max(most, encoded.choices.count)
      examples.append(try task.columns.segmented(encoded.example, of: row))
    }
    var labels = common ?? Self.numberedChoices(most)
    if let reference, reference.labels.count == most { labels = reference.labels }
    return Dataset(examples: examples, labels: labels)
  }

  private func languageModeling(_ file: DataFile) throws -> Dataset {
    var encoder = LanguageModelingEncoder(task, sequences: sequences)
    var examples: [EncodedExample] = []
    if file.format == .plainText {
      try file.forEachPiece { examples += encoder.append($0) }
      examples += encoder.finish()
    } else {
      try file.forEachRow { examples.append(try encoder.encode($0)) }
    }
    return Dataset(examples: examples, labels: [])
  }

  private func completion(_ file: DataFile) throws -> Dataset {
    let encoder = CompletionEncoder(task, sequences: sequences)
    var examples: [EncodedExample] = []
    try file.forEachRow {
      examples.append(try task.columns.segmented(encoder.encode($0), of: $0))
    }
    return Dataset(examples: examples, labels: [])
  }
}
