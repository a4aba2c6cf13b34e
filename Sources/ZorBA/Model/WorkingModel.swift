package import ZorBACheckpoint
import ZorBADiagnostics
package import ZorBAModels
package import ZorBATensor
import ZorBATokenizers

/// A checkpoint's weights made ready to change: in writable memory, or under a budget in a file.
package struct WorkingModel: Sendable {
  /// The checkpoint on disk.
  package let checkpoint: Checkpoint
  /// The checkpoint's tensors under the model's names.
  let stored: BoundTensors
  /// The weights, once, at working precision; of an adapted model the base's, where they lie.
  package let weights: any MappedTensorSource
  /// Bytes of all weights, an adapter's included.
  package let weightsByteCount: Int
  /// Bytes of them that lie in mapped files and can be read again from there.
  package let mappedByteCount: Int
  /// The adapter's tensors and what its base hashes to; nil without one.
  let adapter: LoadedAdapter?
  /// The model over those weights.
  package let model: Model
  /// The limit on resident memory, if there is one.
  let budget: MemoryBudget?

  /// What keeps the weights within the budget.
  var residency: WeightResidency? { model.parameters.residency }

  /// Opens a checkpoint folder and copies its weights.
  ///
  /// - Parameters:
  ///   - path: A Hugging Face folder: config.json and safetensors.
  ///   - dtype: What to convert the weights to; nil keeps them as stored.
  ///   - context: Where to compute.
  ///   - task: What is asked, which decides the model's head; nil takes the checkpoint's own.
  ///   - folder: The folder of the base model and its tokenizer; nil is `path`.
  ///   - budget: With a limit on memory the weights lie in a file and all of them are streamed, until
  ///     they are given room.
  ///   - adapter: An adapter to put beside the model's layers. The weights are then not copied but read
  ///     where they are mapped, unless they are to be converted or there is a budget.
  /// - Throws: `ZorBAError` with code `invalidModel`, `unsupportedModel` or `inputOutput`.
  package init(
    path: String, dtype: DType? = nil, task: TaskConfiguration? = nil, base folder: String? = nil,
    context: ComputeContext, budget: MemoryBudget? = nil, adapter: AdapterOrigin? = nil
  ) throws {
    self.budget = budget
    checkpoint = try Checkpoint.open(directory: path)
    var configuration = try ModelConfiguration(
      huggingFace: checkpoint.configuration, file: checkpoint.configurationPath)
    if let task { configuration = try configuration.with(head: task.outputHead(of: configuration)) }
    let headed = try Self.source(
      checkpoint, configuration, task: task, base: folder ?? path, context: context)
    // Binding against the mapped file first: a wrong tensor is an error before anything is copied.
    let bound = try Model(configuration: configuration, source: headed, compute: context)
    stored = try BoundTensors(model: bound, checkpoint: checkpoint)
    let isMapped =
      adapter != nil && budget == nil
      && bound.parameters.all.allSatisfy { dtype == nil || $0.tensor.dtype == dtype }
    let base: Model
    if isMapped {
      weights = stored
      base = bound
    } else {
      let copy: WorkingCopy
      if let budget {
        copy = try WorkingCopy(
          of: stored, groups: bound.parameters.blocks.map { $0.map(\.name) }, dtype: dtype,
          inFileIn: budget.folder)
      } else {
        copy = try WorkingCopy(of: stored, dtype: dtype)
      }
      // What readers of the file left behind around the pages they gave back.
      checkpoint.discardPages()
      weights = copy
      base = try Model(
        configuration: configuration, source: copy, compute: context,
        residency: Self.residency(of: copy, budget: budget, bound: bound))
    }
    let source = weights
    let loaded: LoadedAdapter?
    do {
      loaded = try adapter.map { try LoadedAdapter($0, base: base, source: source) }
    } catch var error as ZorBAError where error.code == .invalidModel {
      // Two models are at odds: this one is named.
      error.location.file = error.location.file ?? path
      throw error
    }
    self.adapter = loaded
    model = try loaded?.model(over: base) ?? base
    let baseBytes = base.parameters.all.reduce(0) { sum, parameter in
      loaded?.quantised?.holds(parameter.name) == true ? sum : sum + parameter.tensor.byteCount
    }
    let copyBytes = (source as? WorkingCopy)?.byteCount ?? baseBytes
    weightsByteCount = loaded.map { baseBytes + $0.byteCount } ?? copyBytes
    mappedByteCount = isMapped ? baseBytes : 0
    if isMapped { checkpoint.discardPages() }
  }

  /// Gives the weights what the budget leaves beside everything else; does nothing without one.
  ///
  /// - Parameters:
  ///   - activations: Bytes of the most demanding pass.
  ///   - active: The blocks that are trained.
  /// - Returns: The bytes that should be resident at the peak.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the budget is too small.
  package func allot(activations: Int, active: Set<Int>) throws -> Int {
    let besides = MemoryBudget.residentBytes(without: residency) + activations
    guard let budget, let residency else { return besides }
    try budget.allot(residency, besides: besides + MemoryModel.scratchBytes)
    return besides + MemoryModel.scratchBytes
      + residency.policy(active: active, capacity: residency.capacity).peakByteCount
  }

  /// The checkpoint, with a classifier where the task asks for one that it does not hold.
  private static func source(
    _ checkpoint: Checkpoint, _ configuration: ModelConfiguration, task: TaskConfiguration?,
    base: String, context: ComputeContext
  ) throws -> any TensorSource {
    guard case .classifier = configuration.head, let task,
      !checkpoint.tensorNames.contains(CheckpointWithHead.weight)
    else { return checkpoint }
    return try CheckpointWithHead(
      checkpoint, classifierFor: task, model: base, tokenizer: Tokenizer.load(directory: base),
      threads: context.team.threadCount)
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
}
