import ZorBAData
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

@testable import ZorBA

/// A made-up loss with a known gradient: half the squared distance of all weights from a point that an
/// example's tokens and label name.
final class QuadraticGradients: GradientSource {
  let gradients: [UnsafeMutableBufferPointer<Float>]
  private let weights: [UnsafeMutableBufferPointer<Float>]
  /// What losses are multiplied by; not a number spoils them.
  private let factor: () -> Double
  private let buffers: DenseBuffers

  init(_ model: Model, factor: @escaping () -> Double = { 1 }) throws {
    weights = try model.trainable.all.map { try $0.floats() }
    buffers = try DenseBuffers(elementCounts: weights.map(\.count))
    gradients = buffers.tensors
    self.factor = factor
  }

  static var factory: GradientFactory { { model, _ in try QuadraticGradients(model) } }

  func gradient(
    of examples: [EncodedExample], parts: Int, dropoutSeed: UInt64
  ) throws -> (loss: Double, weight: Double) {
    buffers.zero()
    var loss = 0.0
    let factor = factor()
    let share = Float(factor / Double(examples.count))
    for example in examples {
      let key = example.context.reduce(Int(example.answer ?? 0) &* 13) { $0 &* 31 &+ Int($1) }
      for (tensor, weight) in weights.enumerated() {
        for index in weight.indices {
          let point = (index &* 7 &+ tensor &+ key & 0xFFFF) % 23
          let distance = weight[index] - (Float(point) / 23 - 0.5)
          loss += 0.5 * Double(distance * distance)
          gradients[tensor][index] += share * distance
        }
      }
    }
    return (loss * factor, Double(examples.count))
  }
}
