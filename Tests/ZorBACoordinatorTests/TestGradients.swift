import ZorBA
import ZorBAData
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

/// Gradients that need no backward pass: every example pulls each weight to a value of its own.
final class TestGradients: GradientSource {
  static let source: SharedGradientFactory = { model, _ in try TestGradients(model) }

  let gradients: [UnsafeMutableBufferPointer<Float>]
  private let weights: [UnsafeMutableBufferPointer<Float>]
  private let buffers: DenseBuffers

  private init(_ model: Model) throws {
    weights = try model.trainable.all.map { try $0.floats() }
    buffers = try DenseBuffers(elementCounts: weights.map(\.count))
    gradients = buffers.tensors
  }

  func gradient(
    of examples: [EncodedExample], parts: Int, dropoutSeed: UInt64
  ) throws -> (loss: Double, weight: Double) {
    buffers.zero()
    var loss = 0.0
    let share = 1 / Float(examples.count)
    for example in examples {
      var hash: UInt64 = 7
      for token in example.context { hash = (hash ^ UInt64(token)) &* 0x9E37_79B9_7F4A_7C15 }
      let goal = Float(hash >> 40) / Float(1 << 24) - 0.5
      for (weights, gradients) in zip(weights, gradients) {
        guard let first = weights.first else { continue }
        loss += Double((first - goal) * (first - goal))
        for index in weights.indices { gradients[index] += share * (weights[index] - goal) }
      }
    }
    return (loss, Double(examples.count))
  }
}
