package import ZorBACheckpoint
import ZorBADiagnostics
package import ZorBAModels
package import ZorBATensor
package import ZorBATokenizers

/// A checkpoint made ready to train or evaluate: its weights in writable memory, and its tokenizer.
package struct LoadedModel: Sendable {
  /// The checkpoint on disk.
  package let checkpoint: Checkpoint
  /// The checkpoint's tensors under the model's names.
  let stored: BoundTensors
  /// The shape of the model.
  package let configuration: ModelConfiguration
  /// The weights in memory, once, at working precision.
  package let weights: WorkingCopy
  /// The model over those weights.
  package let model: Model
  /// The tokenizer beside the checkpoint.
  package let tokenizer: Tokenizer
  /// Where it computes.
  package let context: ComputeContext
  /// The limit on resident memory, if there is one.
  let budget: MemoryBudget?

  /// What keeps the weights within the budget.
  var residency: WeightResidency? { model.parameters.residency }

  /// Opens a checkpoint folder and copies its weights into memory.
  ///
  /// - Parameters:
  ///   - path: A Hugging Face folder: config.json, safetensors, tokenizer files.
  ///   - dtype: What to convert the weights to; nil keeps them as stored.
  ///   - context: Where to compute.
  ///   - budget: With a limit on memory the weights lie in a file and all of them are streamed, until
  ///     `MemoryBudget.allot` gives them room.
  /// - Throws: `ZorBAError` with code `invalidModel`, `unsupportedModel` or `inputOutput`.
  package init(
    path: String, dtype: DType? = nil, context: ComputeContext, budget: MemoryBudget? = nil
  ) throws {
    self.budget = budget
    checkpoint = try Checkpoint.open(directory: path)
    configuration = try ModelConfiguration(
      huggingFace: checkpoint.configuration, file: checkpoint.configurationPath)
    // Binding against the mapped file first: a wrong tensor is an error before anything is copied.
    let bound = try Model(configuration: configuration, source: checkpoint, compute: context)
    stored = try BoundTensors(model: bound, checkpoint: checkpoint)
    if let budget {
      weights = try WorkingCopy(
        of: stored, groups: bound.parameters.blocks.map { $0.map(\.name) }, dtype: dtype,
        inFileIn: budget.folder)
    } else {
      weights = try WorkingCopy(of: stored, dtype: dtype)
    }
    // What readers of the file left behind around the pages they gave back.
    checkpoint.discardPages()
    model = try Model(
      configuration: configuration, source: weights, compute: context,
      residency: Self.residency(of: weights, budget: budget, bound: bound))
    tokenizer = try Tokenizer.load(directory: path)
    self.context = context
    guard tokenizer.vocabularySize <= configuration.vocabularySize else {
      throw ZorBAError(
        .invalidModel,
        "the tokenizer knows \(tokenizer.vocabularySize) tokens, the model "
          + "\(configuration.vocabularySize)", at: .init(file: path),
        advice: "Use the tokenizer files that belong to this checkpoint.")
    }
  }

  /// - Parameter bound: The model over the checkpoint itself.
  private static func residency(
    of weights: WorkingCopy, budget: MemoryBudget?, bound: Model
  ) -> WeightResidency? {
    guard let budget, let file = weights.file else { return nil }
    let passing = bound.configuration.passingByteCounts(threads: bound.compute.team.threadCount) {
      (try? weights.tensor(named: $0).dtype.byteCount) ?? 4
    }
    return WeightResidency(memory: file, extents: weights.extents, passing: passing) {
      try FileBuffer(byteCount: $0, folder: budget.folder)
    }
  }

  /// A second set of weights in memory, equal to these now, and the model over it.
  package func copy() throws -> Model {
    try Model(
      configuration: configuration, source: WorkingCopy(of: weights), compute: context)
  }
}
