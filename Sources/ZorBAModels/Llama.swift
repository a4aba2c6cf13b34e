import ZorBADiagnostics

/// Llama (Touvron et al., 2023) and its descendants: root-mean-square norms, rotary positions,
/// grouped-query attention, a gated feed-forward network.
///
/// Mistral adds a sliding window, Qwen2 biases on queries, keys and values, Qwen3 norms on the
/// heads of queries and keys; the configuration carries those choices.
struct Llama: Decoder {
  static let basePrefix = "model."

  private struct Layer {
    let attentionNorm: Norm
    let query: Linear
    let key: Linear
    let value: Linear
    let queryNorm: Norm?
    let keyNorm: Norm?
    let output: Linear
    let feedForwardNorm: Norm
    let gate: Linear
    let up: Linear
    let down: Linear
  }

  private let configuration: ModelConfiguration
  private let tokens: Embedding
  private let layers: [Layer]
  private let finalNorm: Norm
  let head: Linear

  init(_ configuration: ModelConfiguration, declaring parameters: inout ParameterDeclarations) {
    let c = configuration
    let h = c.hiddenSize
    self.configuration = c
    (tokens, finalNorm) = parameters.scope(block: 0, prefix: "model.") { p in
      (
        p.embedding("embed_tokens", rows: c.vocabularySize, width: h), p.rmsNorm("norm", width: h)
      )
    }
    layers = (0..<c.layerCount).map { index in
      parameters.scope(block: index + 1, prefix: "model.layers.\(index).") { p in
        let q = c.headCount * c.headSize
        let kv = c.keyValueHeadCount * c.headSize
        let inner = c.intermediateSize
        return Layer(
          attentionNorm: p.rmsNorm("input_layernorm", width: h),
          query: p.linear("self_attn.q_proj", inputs: h, outputs: q, bias: c.hasInputBias),
          key: p.linear("self_attn.k_proj", inputs: h, outputs: kv, bias: c.hasInputBias),
          value: p.linear("self_attn.v_proj", inputs: h, outputs: kv, bias: c.hasInputBias),
          queryNorm: c.normalisesHeads ? p.rmsNorm("self_attn.q_norm", width: c.headSize) : nil,
          keyNorm: c.normalisesHeads ? p.rmsNorm("self_attn.k_norm", width: c.headSize) : nil,
          output: p.linear("self_attn.o_proj", inputs: q, outputs: h, bias: c.hasOutputBias),
          feedForwardNorm: p.rmsNorm("post_attention_layernorm", width: h),
          gate: p.linear("mlp.gate_proj", inputs: h, outputs: inner, bias: c.hasFeedForwardBias),
          up: p.linear("mlp.up_proj", inputs: h, outputs: inner, bias: c.hasFeedForwardBias),
          down: p.linear("mlp.down_proj", inputs: inner, outputs: h, bias: c.hasFeedForwardBias))
      }
    }
    head = parameters.head(tiedTo: tokens, vocabularySize: c.vocabularySize, tied: c.tiedHead)
  }

  func embed(into hidden: Activation, _ pass: ForwardPass) {
    pass.embed(tokens, rows: pass.batch.tokens, into: hidden)
  }

  func layer(_ index: Int, _ hidden: Activation, _ pass: ForwardPass) -> Activation {
    let layer = layers[index]
    let stream = pass.wanted(hidden)
    pass.scope {
      let input = pass.activation(like: hidden)
      pass.rmsNorm(layer.attentionNorm, hidden, into: input)
      let query = pass.linear(layer.query, pass.wanted(input))
      let key = pass.linear(layer.key, input)
      let value = pass.linear(layer.value, input)
      if let norm = layer.queryNorm { pass.headwiseRMSNorm(norm, query) }
      if let norm = layer.keyNorm { pass.headwiseRMSNorm(norm, key) }
      pass.rotate(query)
      pass.rotate(key)
      let mixed = pass.attention(query, key, value, layer: index)
      pass.linear(layer.output, mixed, addingTo: stream)
    }
    pass.scope {
      let input = pass.activation(like: stream)
      pass.rmsNorm(layer.feedForwardNorm, stream, into: input)
      let gate = pass.linear(layer.gate, input)
      let up = pass.linear(layer.up, input)
      pass.gate(gate, with: up)
      pass.linear(layer.down, gate, addingTo: stream)
    }
    return stream
  }

  func finish(_ hidden: Activation, _ pass: ForwardPass) -> Activation {
    pass.rmsNorm(finalNorm, hidden, into: hidden)
    return hidden
  }
}

extension Llama {
  static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
    if let kinds = try reader.strings("layer_types"),
      kinds.contains(where: { $0 != "full_attention" })
    {
      throw reader.unsupported("layer_types")
    }
    let attentionBias = try reader.bool("attention_bias", default: false)
    var configuration = try gatedConfiguration(
      reader, family: .llama, defaults: .init(maximumPositions: 2048))
    configuration.hasInputBias = attentionBias
    configuration.hasOutputBias = attentionBias
    configuration.hasFeedForwardBias = try reader.bool("mlp_bias", default: false)
    return configuration
  }

  /// What the families of this decoder assume when `config.json` is silent.
  struct Defaults {
    var maximumPositions: Int
    /// nil: as many as query heads.
    var keyValueHeads: Int?
    /// nil: hidden size divided by heads.
    var headSize: Int?
  }

  /// The part of `config.json` that Llama, Mistral, Qwen2 and Qwen3 share.
  static func gatedConfiguration(
    _ reader: ConfigurationReader, family: ModelConfiguration.Family, defaults: Defaults
  ) throws -> ModelConfiguration {
    let activation = try reader.string("hidden_act") ?? "silu"
    guard ActivationFunction(huggingFaceName: activation) == .silu else {
      throw reader.unsupported("hidden_act", advice: "Supported: silu.")
    }
    let hidden = try reader.extent("hidden_size", in: ExtentLimit.width)
    let heads = try reader.extent("num_attention_heads", in: ExtentLimit.heads)
    let keyValueHeads = try reader.integer(
      "num_key_value_heads", in: ExtentLimit.heads, default: defaults.keyValueHeads ?? heads)
    guard heads % keyValueHeads == 0 else {
      throw reader.invalid(
        "num_key_value_heads", "\(heads) heads cannot share \(keyValueHeads) key and value heads")
    }
    let layers = try reader.extent("num_hidden_layers", in: ExtentLimit.layers)
    let vocabulary = try reader.extent("vocab_size", in: ExtentLimit.vocabulary)
    let positions = try reader.integer(
      "max_position_embeddings", in: ExtentLimit.positions, default: defaults.maximumPositions)
    return ModelConfiguration(
      family: family,
      vocabularySize: vocabulary,
      hiddenSize: hidden,
      embeddingSize: hidden,
      layerCount: layers,
      headCount: heads,
      keyValueHeadCount: keyValueHeads,
      headSize: try headSize(reader, hidden: hidden, heads: heads, default: defaults.headSize),
      intermediateSize: try reader.extent("intermediate_size", in: ExtentLimit.width),
      maximumPositions: positions,
      activation: .silu,
      normEpsilon: Float(try reader.positive("rms_norm_eps", default: 1e-6)),
      tiedHead: try reader.bool("tie_word_embeddings", default: false),
      positions: .rotary(try RotaryEmbedding(reader, maximumPositions: positions)),
      hasInputBias: false,
      hasOutputBias: false,
      hasFeedForwardBias: false,
      normalisesHeads: false,
      normsFirst: true,
      hasFinalNorm: true,
      hasAffineNorms: true,
      windows: Array(repeating: 0, count: layers),
      scalesAttention: true,
      scalesAttentionByLayer: false,
      endTokens: try reader.tokens("eos_token_id", vocabularySize: vocabulary),
      beginToken: try reader.tokens("bos_token_id", vocabularySize: vocabulary).first)
  }

  private static func headSize(
    _ reader: ConfigurationReader, hidden: Int, heads: Int, default fallback: Int?
  ) throws -> Int {
    let given = try reader.optionalInteger("head_dim", in: ExtentLimit.heads) ?? fallback
    guard given != nil || hidden % heads == 0 else {
      throw reader.invalid(
        "num_attention_heads", "hidden_size \(hidden) is not a multiple of \(heads) heads",
        advice: "Give head_dim if the heads have a size of their own.")
    }
    let size = given ?? hidden / heads
    guard size % 2 == 0 else {
      throw reader.invalid("head_dim", "head size \(size) is odd; rotary positions need pairs")
    }
    guard ExtentLimit.width.contains(size * heads) else {
      throw reader.invalid("head_dim", "\(heads) heads of \(size) are wider than any known model")
    }
    return size
  }
}
