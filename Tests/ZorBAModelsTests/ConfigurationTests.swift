import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBAModels

/// What `config.json` may say, and how it is refused.
@Suite struct ConfigurationTests {
  static let llama: JSONValue = [
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64,
    "intermediate_size": 128, "num_attention_heads": 8, "num_hidden_layers": 3,
    "vocab_size": 1000,
  ]

  static func changed(_ base: JSONValue, _ key: String, _ value: JSONValue?) -> JSONValue {
    var object = JSONObject()
    for member in base.object?.members ?? [] where member.key != key { _ = object.append(member) }
    if let value { _ = object.append(.init(key: key, value: value)) }
    return .object(object)
  }

  private func rope(_ configuration: ModelConfiguration) -> RotaryEmbedding? {
    if case .rotary(let rotary) = configuration.positions { rotary } else { nil }
  }

  @Test func defaultsAreThoseOfTheFamily() throws {
    let plain = try ModelConfiguration(huggingFace: Self.llama)
    #expect(plain.family == .llama)
    #expect(plain.keyValueHeadCount == 8)
    #expect(plain.headSize == 8)
    #expect(plain.maximumPositions == 2048)
    #expect(!plain.tiedHead)
    #expect(!plain.hasInputBias && !plain.hasOutputBias && !plain.hasFeedForwardBias)
    #expect(plain.normEpsilon == 1e-6)
    #expect(plain.windows == [0, 0, 0])
    #expect(rope(plain) == RotaryEmbedding(base: 10_000))
    #expect(plain.attentionScale(layer: 2) == 1 / Float(8).squareRoot())
  }

  @Test func familyFollowsFromTheArchitectureAlone() throws {
    let configuration = try ModelConfiguration(
      huggingFace: Self.changed(Self.llama, "model_type", nil))
    #expect(configuration.family == .llama)
  }

  @Test func oldAndNewRopeLayoutsMeanTheSame() throws {
    let scaling: JSONValue = [
      "type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
      "original_max_position_embeddings": 512,
    ]
    let old = Self.changed(
      Self.changed(Self.llama, "rope_scaling", scaling), "rope_theta", 500_000)
    let new = Self.changed(
      Self.llama, "rope_parameters",
      Self.changed(Self.changed(scaling, "type", nil), "rope_type", "llama3"))
    let parameters = try #require(new["rope_parameters"])
    let complete = Self.changed(
      new, "rope_parameters", Self.changed(parameters, "rope_theta", 500_000))
    let expected = RotaryEmbedding(
      base: 500_000,
      scaling: .llama3(
        factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalLength: 512))
    #expect(rope(try ModelConfiguration(huggingFace: old)) == expected)
    #expect(rope(try ModelConfiguration(huggingFace: complete)) == expected)
  }

  @Test func windowsFollowTheFamily() throws {
    var mistral = Self.changed(Self.llama, "model_type", "mistral")
    mistral = Self.changed(mistral, "architectures", nil)
    #expect(try ModelConfiguration(huggingFace: mistral).windows == [4096, 4096, 4096])
    let open = Self.changed(mistral, "sliding_window", .null)
    #expect(try ModelConfiguration(huggingFace: open).windows == [0, 0, 0])
    var qwen = Self.changed(mistral, "model_type", "qwen2")
    qwen = Self.changed(qwen, "sliding_window", 16)
    qwen = Self.changed(qwen, "max_window_layers", 2)
    #expect(try ModelConfiguration(huggingFace: qwen).windows == [0, 0, 0])
    qwen = Self.changed(qwen, "use_sliding_window", true)
    #expect(try ModelConfiguration(huggingFace: qwen).windows == [0, 0, 16])
    let kinds: JSONValue = ["sliding_attention", "full_attention", "sliding_attention"]
    let listed = Self.changed(qwen, "layer_types", kinds)
    #expect(try ModelConfiguration(huggingFace: listed).windows == [16, 0, 16])
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let key: String
    let value: JSONValue?
    let code: ZorBAError.Code
    var testDescription: String { "\(key) = \(value?.serialized ?? "absent")" }
  }

  static let refusals: [Refusal] = {
    func unsupported(_ key: String, _ value: JSONValue) -> Refusal {
      Refusal(key: key, value: value, code: .unsupportedModel)
    }
    func invalid(_ key: String, _ value: JSONValue?) -> Refusal {
      Refusal(key: key, value: value, code: .invalidModel)
    }
    return [
      unsupported("model_type", "mamba"),
      unsupported("architectures", ["LlamaForSequenceClassification"]),
      unsupported("hidden_act", "relu"),
      unsupported("quantization_config", ["quant_method": "gptq"]),
      unsupported("num_local_experts", 8),
      unsupported("is_encoder_decoder", true),
      unsupported("partial_rotary_factor", 0.5),
      unsupported("rope_scaling", ["rope_type": "yarn", "factor": 4]),
      unsupported("rope_parameters", ["rope_type": "dynamic", "factor": 2]),
      unsupported("rope_parameters", ["full_attention": ["rope_theta": 1]]),
      unsupported("layer_types", ["full_attention", "chunked_attention", "full_attention"]),
      invalid("model_type", "qwen2"),
      invalid("model_type", 7),
      invalid("hidden_size", nil),
      invalid("hidden_size", 0),
      invalid("hidden_size", -64),
      invalid("hidden_size", .integer(1 << 40)),
      invalid("hidden_size", "64"),
      invalid("hidden_size", 63),
      invalid("vocab_size", 0),
      invalid("vocab_size", .integer(.max)),
      invalid("num_attention_heads", 0),
      invalid("num_attention_heads", 7),
      invalid("num_key_value_heads", 3),
      invalid("num_key_value_heads", 16),
      invalid("num_hidden_layers", .integer(1 << 30)),
      invalid("num_hidden_layers", 2.5),
      invalid("head_dim", 7),
      invalid("head_dim", .integer(1 << 30)),
      invalid("rms_norm_eps", 0),
      invalid("rms_norm_eps", -1e-5),
      invalid("rms_norm_eps", 1e300),
      invalid("rope_theta", "big"),
      invalid("rope_scaling", ["rope_type": "linear"]),
      invalid("rope_scaling", "linear"),
      invalid(
        "rope_scaling",
        [
          "rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 1,
        ]),
      invalid("max_position_embeddings", 0),
      invalid("eos_token_id", 1000),
      invalid("eos_token_id", [2, -1]),
      invalid("tie_word_embeddings", "yes"),
      invalid("attention_bias", 1),
      invalid("architectures", "LlamaForCausalLM"),
    ]
  }()

  @Test(arguments: refusals)
  func badValuesAreRefusedByName(_ refusal: Refusal) throws {
    let value = Self.changed(Self.llama, refusal.key, refusal.value)
    let error = try #require(throws: ZorBAError.self) {
      try ModelConfiguration(huggingFace: value, file: "config.json")
    }
    #expect(error.code == refusal.code)
    #expect(error.location.file == "config.json")
    // 63 is at fault only together with the number of heads; the message names both.
    #expect(
      error.location.field?.hasPrefix(refusal.key) == true || error.message.contains(refusal.key))
    if refusal.code == .unsupportedModel { #expect(error.message.contains("not supported")) }
  }

  @Test func contradictionsAreNamed() throws {
    var qwen = Self.changed(Self.llama, "model_type", "qwen3")
    qwen = Self.changed(qwen, "architectures", nil)
    let kinds: JSONValue = ["full_attention", "sliding_attention", "full_attention"]
    let cases: [(JSONValue, String)] = [
      (Self.changed(qwen, "layer_types", kinds), "use_sliding_window"),
      (Self.changed(qwen, "layer_types", ["full_attention"]), "1 layer types"),
      (
        Self.changed(
          Self.changed(Self.llama, "rope_theta", 10), "rope_parameters", ["rope_theta": 20]),
        "contradicts"
      ),
      (
        Self.changed(
          Self.changed(Self.llama, "rope_scaling", ["type": "linear", "factor": 2]),
          "rope_parameters", ["rope_theta": 20]),
        "contradicts"
      ),
    ]
    for (value, words) in cases {
      let error = try #require(throws: ZorBAError.self) {
        try ModelConfiguration(huggingFace: value)
      }
      #expect(error.code == .invalidModel)
      #expect(error.message.contains(words))
    }
    let wide = Self.changed(
      Self.changed(Self.llama, "head_dim", 65_536), "num_attention_heads", 65_536)
    #expect(throws: ZorBAError.self) { try ModelConfiguration(huggingFace: wide) }
    for value: JSONValue in [.null, [], "x", [:]] {
      #expect(throws: ZorBAError.self) { try ModelConfiguration(huggingFace: value) }
    }
  }
}
