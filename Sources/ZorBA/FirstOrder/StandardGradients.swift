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

  func gradient(
    of examples: [EncodedExample], parts: Int, dropoutSeed: UInt64
  ) throws -> (loss: Double, weight: Double) {
    sums.zero()
    let weight = examples.reduce(0) { $0 + Scoring.weight(of: $1) }
    let parts = max(1, min(parts, examples.count))
    var loss = 0.0
    for part in 0..<parts {
      let range = examples.count * part / parts..<examples.count * (part + 1) / parts
      let trainer = ExampleTrainer(
        model: model,
        options: BackwardOptions(
          checkpointing: checkpointing, dropoutSeed: dropoutSeed &+ UInt64(part)))
      loss += try trainer.accumulate(Array(examples[range]), into: sums, outOf: weight).loss
    }
    return (loss, weight)
  }

  static func source(
    _ model: Model, _ configuration: RunConfiguration
  ) throws -> any GradientSource {
    try StandardGradients(
      model, checkpointing: configuration.method.firstOrder.checkpointing)
  }
}
