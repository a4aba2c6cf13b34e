/// Mistral (Jiang et al., 2023): Llama whose every layer sees only a sliding window of positions.
enum Mistral {
  static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
    if let kinds = try reader.strings("layer_types"), Set(kinds).count > 1 {
      throw reader.unsupported("layer_types")
    }
    var configuration = try Llama.gatedConfiguration(
      reader, family: .mistral, defaults: .init(maximumPositions: 131_072, keyValueHeads: 8))
    // The reference assumes 4096 when the key is absent; null switches the window off.
    let fallback: Int? = reader.mentions("sliding_window") ? nil : 4096
    if let window = try reader.optionalInteger("sliding_window", in: ExtentLimit.positions)
      ?? fallback
    {
      configuration.windows = Array(repeating: window, count: configuration.layerCount)
    }
    return configuration
  }
}
