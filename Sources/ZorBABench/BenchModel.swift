package import ZorBA
package import ZorBAModels
package import ZorBATensor

/// A checkpoint opened for measuring: as for training, but without a tokenizer.
///
/// The weights are a writable copy in memory; the folder is never written to.
package struct BenchModel: Sendable {
  package let model: Model
  package let context: ComputeContext
  private let working: WorkingModel?

  package init(model: Model, context: ComputeContext) {
    self.model = model
    self.context = context
    working = nil
  }

  /// Opens a Hugging Face folder with config.json and safetensors.
  ///
  /// - Parameter memoryBudget: A limit on resident memory in MiB; nil is none.
  /// - Throws: `ZorBAError` with code `invalidModel`, `unsupportedModel` or `inputOutput`, and with
  ///   `invalidConfiguration` for an impossible budget.
  package init(
    path: String, precision: WeightPrecision, context: ComputeContext, memoryBudget: Int? = nil
  ) throws {
    let working = try WorkingModel(
      path: path, dtype: precision.dtype, context: context,
      budget: MemoryBudget(mebibytes: memoryBudget, field: "--memory-budget"))
    model = working.model
    self.context = context
    self.working = working
  }

  /// Bytes that should be resident at the peak of passes over `active` blocks; gives the weights what
  /// the budget leaves.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the budget is too small.
  func allot(activations: Int, active: Set<Int>) throws -> Int {
    guard let working else { return ProcessMemory.current().residentBytes + activations }
    return try working.allot(activations: activations, active: active)
  }

  /// Bytes of all weights.
  package var weightsByteCount: Int {
    model.parameters.all.reduce(0) { $0 + $1.tensor.byteCount }
  }

  /// Weights of some blocks.
  package func parameterCount(blocks: [Int]? = nil) -> Int {
    (blocks ?? Array(model.parameters.blocks.indices)).reduce(0) {
      $0 + model.parameters.elementCount(block: $1)
    }
  }
}
