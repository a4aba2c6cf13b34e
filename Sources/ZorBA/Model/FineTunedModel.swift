import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJournal
import ZorBAModels
import ZorBAOptimization
public import ZorBATensor
import ZorBATokenizers

/// A model to use: a checkpoint, with a journal's rounds applied if there is one.
public struct FineTunedModel: Sendable {
  /// The loaded checkpoint; its weights have the journal applied.
  package let loaded: LoadedModel
  /// The last round applied; 0 for the base model.
  public let round: Int

  /// Loads a checkpoint and replays a journal onto it.
  ///
  /// - Parameters:
  ///   - path: A Hugging Face checkpoint folder.
  ///   - journal: A `run.zorba`, or nil for the base model.
  ///   - round: The round to stop after; nil for the journal's last.
  ///   - adapter: A folder with an adapter in PEFT's layout: to use with the model or, with the journal of
  ///     a run that began with one, what that run began with.
  ///   - threads: Threads for arithmetic; nil uses every processor.
  ///   - memoryBudget: Resident memory of the process at most, in MiB; weights then lie in a
  ///     temporary file and those that do not fit are streamed. nil sets no limit.
  ///   - task: What will be asked, which decides the head of an encoder; nil takes the journal's task
  ///     or the checkpoint's own head.
  /// - Throws: `ZorBAError` when a file is missing, damaged or does not fit the others.
  public init(
    path: String, journal: String? = nil, round: Int? = nil, adapter: String? = nil,
    threads: Int? = nil, memoryBudget: Int? = nil, task: TaskConfiguration? = nil
  ) throws {
    if let round, round < 0 {
      throw ZorBAError(
        .invalidConfiguration, "there is no round \(round)", at: .init(field: "round"),
        advice: "Rounds are numbered from 1; 0 is the base model.")
    }
    let context = try ComputeContext(threads: threads)
    var dtype: DType?
    var origin = adapter.map { AdapterOrigin(folder: $0) }
    var task = task
    if let journal {
      let header = try JournalReader(path: journal).header
      dtype = JournalReplay.precision(of: header).dtype
      origin = try JournalReplay.adapter(of: header, folder: adapter, journal: journal)
      task = TaskConfiguration(journaled: header.configuration)
    } else if let round, round != 0 {
      throw ZorBAError(
        .invalidConfiguration, "round \(round) was asked for without a journal",
        at: .init(field: "round"), advice: "Give the journal with --journal.")
    }
    let loaded = try LoadedModel(
      path: path, dtype: dtype, task: task, context: context,
      budget: MemoryBudget(mebibytes: memoryBudget, field: "--memory-budget"), adapter: origin)
    self.round =
      try journal.map { try JournalReplay.apply(journal: $0, to: loaded, upTo: round).round } ?? 0
    self.loaded = loaded
  }

  /// Token ids of a text, with the special tokens the model expects.
  public func tokens(of text: String) -> [Int32] {
    loaded.tokenizer.encode(text, addingSpecialTokens: true)
  }

  /// Whether there is an adapter beside the model's layers.
  public var hasAdapter: Bool { loaded.adapter != nil }

  /// Writes the adapter in the layout of the PEFT library.
  ///
  /// - Parameters:
  ///   - directory: Where to write.
  ///   - overwrite: Whether the folder may hold something already.
  /// - Returns: The names of the files written.
  /// - Throws: `ZorBAError` with code `refused` or `inputOutput`, `invalidConfiguration` for a model without
  ///   an adapter.
  @discardableResult
  public func exportAdapter(to directory: String, overwrite: Bool = false) throws -> [String] {
    guard hasAdapter else {
      throw ZorBAError(
        .invalidConfiguration, "the model has no adapter to write",
        advice: "Give the journal of a run with an adapter, or the adapter's folder.")
    }
    return try AdapterFolder.write(
      loaded.model, to: directory, base: loaded.checkpoint.directory, overwrite: overwrite,
      audience: .umask)
  }

  /// Writes the model as a Hugging Face checkpoint that transformers loads, an adapter folded in.
  ///
  /// - Parameters:
  ///   - directory: Where to write.
  ///   - dtype: The element type; nil keeps the type the weights were trained in.
  ///   - overwrite: Whether the folder may hold something already.
  /// - Returns: The names of the files written.
  /// - Throws: `ZorBAError` with code `refused` or `inputOutput`.
  @discardableResult
  public func export(
    to directory: String, dtype: DType? = nil, overwrite: Bool = false
  ) throws -> [String] {
    try CheckpointWriter.export(
      base: loaded.checkpoint,
      tensors: hasAdapter
        ? MergedTensors(loaded.weights, model: loaded.model, dtype: dtype) : loaded.weights,
      to: directory, dtype: dtype,
      overwrite: overwrite, audience: .umask, trainedName: loaded.stored.canonicalName(ofStored:))
  }

  /// Logits after every token, as a safetensors file with the tensor `logits` [tokens, vocabulary].
  ///
  /// - Throws: `ZorBAError` for tokens outside the model, or when the file cannot be written.
  public func writeLogits(of tokens: [Int32], to path: String) throws {
    let logits = try loaded.model.logits(tokens)
    try SafetensorsWriter(NamedTensor(name: "logits", tensor: logits), metadata: []).write(to: path)
  }

  /// Log-probability of every token but the first, given those before it.
  ///
  /// - Throws: `ZorBAError` for tokens outside the model.
  public func logProbabilities(of tokens: [Int32]) throws -> [Double] {
    guard !loaded.configuration.isEncoder else {
      throw ZorBAError(
        .unsupportedModel, "an encoder predicts no next token", at: .init(field: "score"),
        advice: "Ask for its embedding (--embedding) or the logits of its masked head (--logits).")
    }
    let result = try loaded.model.score(.languageModelling([tokens]))
    return Array(result.scores(branch: 0))
  }

  /// The embedding of a text under an encoder: the mean of its hidden states, of length 1.
  ///
  /// - Throws: `ZorBAError` for tokens outside the model, or with code `unsupportedModel` for a decoder.
  public func embedding(of tokens: [Int32]) throws -> [Float] {
    try loaded.model.embeddings(of: [tokens])[0]
  }

  /// Whether the model sees texts as wholes and continues none.
  public var isEncoder: Bool { loaded.configuration.isEncoder }

  /// Hexadecimal digest of the weights; equal digests are equal bits.
  public func stateDigest() -> String {
    "\(StateDigest(of: loaded.model.trainable, context: loaded.context).state)"
  }
}

/// A source of one tensor.
private struct NamedTensor: TensorSource {
  let name: String
  let tensor: Tensor

  var tensorNames: [String] { [name] }

  func tensor(named name: String) throws -> Tensor { tensor }
}
