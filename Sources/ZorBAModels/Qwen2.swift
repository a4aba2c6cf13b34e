import ZorBADiagnostics

/// Qwen2 and Qwen2.5 (Qwen team, 2024): Llama with biases on queries, keys and values, and
/// optionally a sliding window in the upper layers.
enum Qwen2 {
  static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
    var configuration = try Llama.gatedConfiguration(
      reader, family: .qwen2, defaults: .init(maximumPositions: 32_768))
    configuration.hasInputBias = true
    configuration.windows = try windows(reader, layers: configuration.layerCount)
    return configuration
  }

  /// The window of each layer by `layer_types`, else by `max_window_layers`; 0 for none.
  static func windows(_ reader: ConfigurationReader, layers: Int) throws -> [Int] {
    let slides = try reader.bool("use_sliding_window", default: false)
    let fallback: Int? = reader.mentions("sliding_window") ? nil : 4096
    let window = try reader.optionalInteger("sliding_window", in: ExtentLimit.positions) ?? fallback
    let first = try reader.integer(
      "max_window_layers", in: 0...ExtentLimit.layers.upperBound, default: 28)
    if let kinds = try reader.strings("layer_types") {
      guard kinds.count == layers else {
        throw reader.invalid(
          "layer_types", "\(kinds.count) layer types are given for \(layers) layers")
      }
      return try kinds.map { kind in
        switch kind {
        case "full_attention": return 0
        case "sliding_attention":
          guard slides, let window else {
            throw reader.invalid(
              "layer_types",
              "sliding_attention contradicts use_sliding_window or sliding_window")
          }
          return window
        default: throw reader.unsupported("layer_types")
        }
      }
    }
    guard slides, let window else { return Array(repeating: 0, count: layers) }
    return (0..<layers).map { $0 >= first ? window : 0 }
  }
}
