import ZorBAData
import ZorBAModels
import ZorBATensor

/// The gradients that runs use unless they are given others: those of the model's own backward pass.
final class StandardGradients: GradientSource {
  private let model: Model
  private let checkpointing: Bool
  private let sums: Gradients

  let gradients: [UnsafeMutableBufferPointer<Float>]

  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted.
  init(_ model: Model, checkpointing: Bool) throws {
    self.model = model
    self.checkpointing = checkpointing
    sums = try Gradients(of: model.trainable, compute: model.compute)
    gradients = sums.parameters.indices.map { [sums] in sums[$0] }
  }

  func zero() { sums.zero() }

  func accumulate(
    _ examples: [EncodedExample], dropoutSeed: UInt64
  ) throws -> (loss: Double, weight: Double) {
    try ExampleTrainer(
      model: model,
      options: BackwardOptions(checkpointing: checkpointing, dropoutSeed: dropoutSeed)
    ).accumulate(examples, into: sums, ofSum: true)
  }

  static func source(
    _ model: Model, _ configuration: RunConfiguration
  ) throws -> any GradientSource {
    try StandardGradients(
      model, checkpointing: configuration.method.firstOrder.checkpointing)
  }
}
