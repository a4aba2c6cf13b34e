import ZorBAJSON
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

/// A Llama with random weights, for shapes that no reference file should be spent on.
enum RandomModel {
  /// - Parameter spread: The largest weight of a matrix, in units of 1 / sqrt(inputs).
  static func source(
    _ configuration: ModelConfiguration, seed: UInt64, spread: Float = 1.5
  ) throws -> MemoryTensors {
    var random = SeededGenerator(seed: seed)
    var source = MemoryTensors()
    for (name, shape) in configuration.parameterShapes.flatMap({ $0 }) {
      let scale = shape.count == 1 ? 1 : 1 / Float(shape[shape.count - 1]).squareRoot()
      let values = (0..<shape.reduce(1, *)).map { _ in
        Float.random(in: -spread...spread, using: &random) * scale
      }
      try source.add(name, shape: shape, values)
    }
    return source
  }

  static func llama(
    vocabulary: Int, hidden: Int = 24, layers: Int = 2, positions: Int = 128
  ) throws -> ModelConfiguration {
    try ModelConfiguration(
      huggingFace: [
        "model_type": "llama", "hidden_size": .integer(hidden), "intermediate_size": 40,
        "num_attention_heads": 4, "num_key_value_heads": 2,
        "num_hidden_layers": .integer(layers), "vocab_size": .integer(vocabulary),
        "max_position_embeddings": .integer(positions), "head_dim": 8,
      ])
  }

  static func llama(vocabulary: Int, seed: UInt64, compute: ComputeContext) throws -> Model {
    let configuration = try llama(vocabulary: vocabulary)
    return try Model(
      configuration: configuration, source: source(configuration, seed: seed), compute: compute)
  }
}
