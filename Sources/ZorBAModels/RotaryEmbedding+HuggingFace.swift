import ZorBADiagnostics
import ZorBAJSON

extension RotaryEmbedding {
  /// Reads `rope_theta` with `rope_scaling` (transformers 4) or `rope_parameters` (transformers 5).
  ///
  /// - Throws: `ZorBAError`: `unsupportedModel` for a rope type that is not implemented,
  ///   `invalidModel` for values that are missing, out of range or contradict each other.
  init(_ reader: ConfigurationReader, maximumPositions: Int) throws {
    let topBase =
      reader.value("rope_theta") == nil
      ? nil : try reader.positive("rope_theta", default: 10_000)
    let old = try reader.nested("rope_scaling")
    let new = try reader.nested("rope_parameters")
    guard let parameters = new ?? old else {
      self.init(base: topBase ?? 10_000)
      return
    }
    if new != nil, let scaling = reader.value("rope_scaling"),
      scaling != reader.value("rope_parameters")
    {
      throw reader.invalid(
        "rope_scaling", "rope_scaling contradicts rope_parameters", advice: "Keep one of the two.")
    }
    let base = try parameters.positive("rope_theta", default: topBase ?? 10_000)
    if let topBase, topBase != base {
      throw reader.invalid(
        "rope_theta", "rope_theta \(topBase) contradicts the \(base) among the rope parameters")
    }
    guard try parameters.positive("partial_rotary_factor", default: 1) == 1 else {
      throw parameters.unsupported("partial_rotary_factor")
    }
    self.init(
      base: base, scaling: try Self.scaling(parameters, maximumPositions: maximumPositions))
  }

  private static func scaling(
    _ parameters: ConfigurationReader, maximumPositions: Int
  ) throws -> Scaling {
    let key = parameters.value("rope_type") == nil ? "type" : "rope_type"
    if parameters.value("full_attention") != nil || parameters.value("sliding_attention") != nil {
      throw parameters.unsupported(
        parameters.value("full_attention") == nil ? "sliding_attention" : "full_attention",
        advice: "Rope parameters that differ between layers are not implemented.")
    }
    switch try parameters.string(key) ?? "default" {
    case "default": return .none
    case "linear": return .linear(factor: try factor(parameters, "factor"))
    case "llama3":
      let low = try factor(parameters, "low_freq_factor")
      let high = try factor(parameters, "high_freq_factor")
      guard high > low else {
        throw parameters.invalid(
          "high_freq_factor", "high_freq_factor \(high) is not above low_freq_factor \(low)")
      }
      return .llama3(
        factor: try factor(parameters, "factor"), lowFrequencyFactor: low,
        highFrequencyFactor: high,
        originalLength: try parameters.integer(
          "original_max_position_embeddings", in: ExtentLimit.positions,
          default: maximumPositions))
    default:
      throw parameters.unsupported(key, advice: "Supported: default, linear, llama3.")
    }
  }

  private static func factor(_ parameters: ConfigurationReader, _ key: String) throws -> Double {
    guard parameters.value(key) != nil else {
      throw parameters.invalid(key, "\(key) is missing from the rope parameters")
    }
    return try parameters.positive(key, default: 1)
  }
}
