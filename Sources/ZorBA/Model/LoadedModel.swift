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

  /// Opens a checkpoint folder and copies its weights into memory.
  ///
  /// - Parameters:
  ///   - path: A Hugging Face folder: config.json, safetensors, tokenizer files.
  ///   - dtype: What to convert the weights to; nil keeps them as stored.
  ///   - context: Where to compute.
  /// - Throws: `ZorBAError` with code `invalidModel`, `unsupportedModel` or `inputOutput`.
  package init(path: String, dtype: DType? = nil, context: ComputeContext) throws {
    checkpoint = try Checkpoint.open(directory: path)
    configuration = try ModelConfiguration(
      huggingFace: checkpoint.configuration, file: checkpoint.configurationPath)
    // Binding against the mapped file first: a wrong tensor is an error before anything is copied.
    let bound = try Model(configuration: configuration, source: checkpoint, compute: context)
    stored = try BoundTensors(model: bound, checkpoint: checkpoint)
    weights = try WorkingCopy(of: stored, dtype: dtype)
    model = try Model(configuration: configuration, source: weights, compute: context)
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

  /// A second set of weights, equal to these now, and the model over it.
  package func copy() throws -> Model {
    try Model(
      configuration: configuration, source: WorkingCopy(of: weights), compute: context)
  }
}
