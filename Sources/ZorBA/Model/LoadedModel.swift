package import ZorBACheckpoint
import ZorBADiagnostics
package import ZorBAModels
package import ZorBATensor
package import ZorBATokenizers

/// A checkpoint made ready to train or evaluate: its working weights, and its tokenizer.
package struct LoadedModel: Sendable {
  private let working: WorkingModel
  /// The tokenizer beside the checkpoint.
  package let tokenizer: Tokenizer
  /// Where it computes.
  package let context: ComputeContext

  /// The checkpoint on disk.
  package var checkpoint: Checkpoint { working.checkpoint }
  /// The checkpoint's tensors under the model's names.
  var stored: BoundTensors { working.stored }
  /// The shape of the model.
  package var configuration: ModelConfiguration { model.configuration }
  /// The weights, once, at working precision.
  package var weights: any MappedTensorSource { working.weights }
  /// Bytes of all weights, an adapter's included.
  package var weightsByteCount: Int { working.weightsByteCount }
  /// Bytes of them that lie in mapped files.
  package var mappedByteCount: Int { working.mappedByteCount }
  /// The adapter as it was loaded; nil without one.
  package var adapter: LoadedAdapter? { working.adapter }
  /// The model over those weights.
  package let model: Model
  /// The limit on resident memory, if there is one.
  var budget: MemoryBudget? { working.budget }
  /// What keeps the weights within the budget.
  var residency: WeightResidency? { working.residency }

  /// Opens a checkpoint folder and copies its weights, as `WorkingModel` does.
  ///
  /// - Parameter folder: Where the base model and its tokenizer are; nil looks beside the weights.
  /// - Parameter task: What is asked, which decides the model's head; nil takes the checkpoint's own.
  /// - Throws: `ZorBAError` with code `invalidModel`, `unsupportedModel` or `inputOutput`.
  package init(
    path: String, tokenizer folder: String? = nil, dtype: DType? = nil,
    task: TaskConfiguration? = nil, context: ComputeContext, budget: MemoryBudget? = nil,
    adapter: AdapterOrigin? = nil
  ) throws {
    let base = folder ?? path
    working = try WorkingModel(
      path: path, dtype: dtype, task: task, base: base, context: context, budget: budget,
      adapter: adapter)
    tokenizer = try Tokenizer.load(directory: base)
    self.context = context
    model =
      if let task, working.model.configuration.head == .prototypes {
        try working.model.with(
          prototypes: Prototypes(
            LabelPrototypes.vectors(
              of: task, model: base, tokenizer: tokenizer, context: context)))
      } else {
        working.model
      }
    let known = working.model.configuration.vocabularySize
    guard tokenizer.vocabularySize <= known else {
      throw ZorBAError(
        .invalidModel,
        "the tokenizer knows \(tokenizer.vocabularySize) tokens, the model \(known)",
        at: .init(file: folder ?? path),
        advice: "Use the tokenizer files that belong to this checkpoint.")
    }
  }

  /// A second set of weights in memory, equal to these now, and the model over it.
  package func copy() throws -> Model {
    if let adapter { return try adapter.copied().model(over: model.withoutAdapter) }
    let copy = try Model(
      configuration: configuration, source: WorkingCopy(of: weights), compute: context)
    return try model.prototypes.map { try copy.with(prototypes: $0) } ?? copy
  }
}
