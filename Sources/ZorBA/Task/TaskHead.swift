import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJSON
import ZorBAModels
import ZorBATensor
import ZorBATokenizers

extension TaskConfiguration {
  /// The head that this task puts on a model.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the family has no such head, or when
  ///   it needs labels and none are listed.
  func outputHead(of model: ModelConfiguration) throws -> OutputHead {
    switch head ?? Self.defaultHead(of: model) {
    case .languageModel: return .languageModel
    case .maskedLM: return .maskedLM
    case .prototypes:
      try requireLabels(.prototypes)
      return .prototypes
    case .classifier:
      try requireLabels(.classifier)
      // The checkpoint's own, where it has one for as many labels.
      if model.head == .sequenceClassifier(labels: labels.count) { return model.head }
      return .classifier(labels: labels.count)
    }
  }

  private static func defaultHead(of model: ModelConfiguration) -> Head {
    switch model.head {
    case .languageModel: .languageModel
    case .maskedLM: .maskedLM
    case .embedding, .prototypes: .prototypes
    case .classifier, .sequenceClassifier: .classifier
    }
  }

  private func requireLabels(_ head: Head) throws {
    guard labels.count < 2 else { return }
    throw ZorBAError(
      .invalidConfiguration, "the head \(head.rawValue) needs the labels and their words",
      at: .init(field: "task.labels"),
      advice: "List 'value: words that describe it' for every label.")
  }

  /// What a journal's header keeps of the task, as far as it decides a model's head.
  init(journaled configuration: JSONValue) {
    self.init()
    let task = configuration["task"]
    kind = task?["kind"]?.string.flatMap(Kind.init(rawValue:)) ?? kind
    head = task?["head"]?.string.flatMap(Head.init(rawValue:))
    labels = (task?["labels"]?.object?.members ?? []).compactMap { member in
      member.value.string.map { (member.key, $0) }
    }
  }
}

/// What texts are compared with: the embeddings of the labels' words under the base model.
enum LabelPrototypes {
  /// Embeds every label's words.
  ///
  /// - Parameters:
  ///   - path: The base model; fine-tuned weights would move what they are compared with.
  ///   - context: Where to compute.
  /// - Throws: `ZorBAError` when the model cannot be read.
  static func vectors(
    of task: TaskConfiguration, model path: String, tokenizer: Tokenizer, context: ComputeContext
  ) throws -> [[Float]] {
    let checkpoint = try Checkpoint.open(directory: path)
    defer { checkpoint.discardPages() }
    let configuration = try ModelConfiguration(
      huggingFace: checkpoint.configuration, file: checkpoint.configurationPath
    ).with(head: .embedding)
    let model = try Model(configuration: configuration, source: checkpoint, compute: context)
    let limit = configuration.maximumPositions
    let texts = task.labels.map {
      Array(tokenizer.encode($0.word, addingSpecialTokens: true).prefix(limit))
    }
    return try stride(from: 0, to: texts.count, by: textsAtOnce).flatMap { start in
      try model.embeddings(of: Array(texts[start..<min(start + textsAtOnce, texts.count)]))
    }
  }

  private static let textsAtOnce = 32
}

/// A checkpoint with a head that it lacks.
struct CheckpointWithHead: TensorSource {
  private let base: Checkpoint
  private let added: [String: Tensor]

  /// Adds a classifier that begins as the prototypes do: its values are theirs.
  ///
  /// Every replica of a run must begin with the same bits, so this is computed with the portable
  /// kernels, whatever the run computes with.
  ///
  /// - Throws: `ZorBAError` when the model cannot be read or memory is exhausted.
  init(
    _ base: Checkpoint, classifierFor task: TaskConfiguration, model path: String,
    tokenizer: Tokenizer, threads: Int
  ) throws {
    self.base = base
    let context = try ComputeContext(instructionSet: .scalar, threads: threads)
    let rows = try LabelPrototypes.vectors(
      of: task, model: path, tokenizer: tokenizer, context: context)
    added = [
      Self.weight: try Self.tensor(
        rows.flatMap { $0.map { $0 * Prototypes.scale } }, shape: [rows.count, rows[0].count]),
      Self.bias: try Self.tensor([Float](repeating: 0, count: rows.count), shape: [rows.count]),
    ]
  }

  static let weight = "classifier.weight"
  static let bias = "classifier.bias"

  private static func tensor(_ values: [Float], shape: [Int]) throws -> Tensor {
    let buffer = try AlignedBuffer(byteCount: values.count * 4)
    buffer.bytes.bindMemory(to: Float.self, capacity: values.count)
      .update(from: values, count: values.count)
    return Tensor(dtype: .float32, shape: shape, bytes: buffer.bytes, owner: buffer)
  }

  var tensorNames: [String] {
    (base.tensorNames.filter { added[$0] == nil } + added.keys)
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  func tensor(named name: String) throws -> Tensor {
    try added[name] ?? base.tensor(named: name)
  }

  func discardPages(ofTensor name: String, bytes: Range<Int>) {
    if added[name] == nil { base.discardPages(ofTensor: name, bytes: bytes) }
  }
}
