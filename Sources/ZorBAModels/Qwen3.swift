/// Qwen3 (Qwen team, 2025): Llama with a root-mean-square norm on every head of queries and keys,
/// a head size of its own and optional attention biases.
enum Qwen3 {
  static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
    var configuration = try Llama.gatedConfiguration(
      reader, family: .qwen3, defaults: .init(maximumPositions: 32_768, headSize: 128))
    let bias = try reader.bool("attention_bias", default: false)
    configuration.hasInputBias = bias
    configuration.hasOutputBias = bias
    configuration.normalisesHeads = true
    configuration.windows = try Qwen2.windows(reader, layers: configuration.layerCount)
    return configuration
  }
}
