package import ZorBA
import ZorBACheckpoint
import ZorBADiagnostics
package import ZorBAModels
package import ZorBATensor

/// A checkpoint opened for measuring: as for training, but without a tokenizer.
///
/// The weights are a writable copy in memory; the folder is never written to.
package struct BenchModel: Sendable {
  package let model: Model
  package let context: ComputeContext

  package init(model: Model, context: ComputeContext) {
    self.model = model
    self.context = context
  }

  /// Opens a Hugging Face folder with config.json and safetensors.
  ///
  /// - Throws: `ZorBAError` with code `invalidModel`, `unsupportedModel` or `inputOutput`.
  package init(path: String, precision: WeightPrecision, context: ComputeContext) throws {
    let checkpoint = try Checkpoint.open(directory: path)
    let configuration = try ModelConfiguration(
      huggingFace: checkpoint.configuration, file: checkpoint.configurationPath)
    let bound = try Model(configuration: configuration, source: checkpoint, compute: context)
    let stored = try BoundTensors(model: bound, checkpoint: checkpoint)
    let weights = try WorkingCopy(of: stored, dtype: precision.dtype)
    self.init(
      model: try Model(configuration: configuration, source: weights, compute: context),
      context: context)
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
