import ZorBADiagnostics

/// GPT-2 (Radford et al., 2019): learned positions, layer norms before each part, one fused
/// projection for queries, keys and values, weights stored inputs first.
struct GPT2: Decoder {
  static let basePrefix = "transformer."

  private struct Layer {
    let attentionNorm: Norm
    let queryKeyValue: Linear
    let output: Linear
    let feedForwardNorm: Norm
    let up: Linear
    let down: Linear
  }

  private let configuration: ModelConfiguration
  private let tokens: Embedding
  private let positions: Embedding
  private let layers: [Layer]
  private let finalNorm: Norm
  let head: Linear

  init(_ configuration: ModelConfiguration, declaring parameters: inout ParameterDeclarations) {
    let c = configuration
    let h = c.hiddenSize
    self.configuration = c
    (tokens, positions, finalNorm) = parameters.scope(block: 0, prefix: "transformer.") { p in
      (
        p.embedding("wte", rows: c.vocabularySize, width: h),
        p.embedding("wpe", rows: c.maximumPositions, width: h),
        p.layerNorm("ln_f", width: h)
      )
    }
    layers = (0..<c.layerCount).map { index in
      parameters.scope(block: index + 1, prefix: "transformer.h.\(index).") { p in
        Layer(
          attentionNorm: p.layerNorm("ln_1", width: h),
          queryKeyValue: p.linear(
            "attn.c_attn", inputs: h, outputs: 3 * h, bias: true, layout: .inputsFirst),
          output: p.linear(
            "attn.c_proj", inputs: h, outputs: h, bias: true, layout: .inputsFirst),
          feedForwardNorm: p.layerNorm("ln_2", width: h),
          up: p.linear(
            "mlp.c_fc", inputs: h, outputs: c.intermediateSize, bias: true, layout: .inputsFirst),
          down: p.linear(
            "mlp.c_proj", inputs: c.intermediateSize, outputs: h, bias: true,
            layout: .inputsFirst))
      }
    }
    head = parameters.head(tiedTo: tokens, vocabularySize: c.vocabularySize, tied: c.tiedHead)
  }

  func embed(into hidden: Activation, _ pass: ForwardPass) {
    pass.embed(tokens, rows: pass.batch.tokens, into: hidden)
    pass.addEmbedding(positions, rows: pass.batch.positions, offset: 0, to: hidden)
  }

  func layer(_ index: Int, _ hidden: Activation, _ pass: ForwardPass) -> Activation {
    let layer = layers[index]
    let h = configuration.hiddenSize
    let stream = pass.wanted(hidden)
    pass.scope {
      let input = pass.activation(like: hidden)
      pass.layerNorm(layer.attentionNorm, hidden, into: input)
      let fused = pass.linear(layer.queryKeyValue, input)
      let mixed = pass.attention(
        pass.wanted(fused.columns(0, width: h)), fused.columns(h, width: h),
        fused.columns(2 * h, width: h), layer: index)
      pass.linear(layer.output, mixed, addingTo: stream)
    }
    pass.scope {
      let input = pass.activation(like: stream)
      pass.layerNorm(layer.feedForwardNorm, stream, into: input)
      let inner = pass.linear(layer.up, input)
      pass.activate(configuration.activation, inner)
      pass.linear(layer.down, inner, addingTo: stream)
    }
    return stream
  }

  func finish(_ hidden: Activation, _ pass: ForwardPass) -> Activation {
    pass.layerNorm(finalNorm, hidden, into: hidden)
    return hidden
  }
}

extension GPT2 {
  static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
    let hidden = try reader.extent("n_embd", in: ExtentLimit.width)
    let heads = try reader.extent("n_head", in: ExtentLimit.heads)
    guard hidden % heads == 0 else {
      throw reader.invalid("n_head", "n_embd \(hidden) is not a multiple of \(heads) heads")
    }
    guard
      let activation = ActivationFunction(
        huggingFaceName: try reader.string("activation_function") ?? "gelu_new")
    else { throw reader.unsupported("activation_function") }
    let layers = try reader.extent("n_layer", in: ExtentLimit.layers)
    let vocabulary = try reader.extent("vocab_size", in: ExtentLimit.vocabulary)
    let inner = try reader.optionalInteger("n_inner", in: ExtentLimit.width)
    return ModelConfiguration(
      family: .gpt2,
      vocabularySize: vocabulary,
      hiddenSize: hidden,
      embeddingSize: hidden,
      layerCount: layers,
      headCount: heads,
      keyValueHeadCount: heads,
      headSize: hidden / heads,
      intermediateSize: inner ?? 4 * hidden,
      maximumPositions: try reader.integer(
        "n_positions", in: ExtentLimit.positions, default: 1024),
      activation: activation,
      normEpsilon: Float(try reader.positive("layer_norm_epsilon", default: 1e-5)),
      tiedHead: try reader.bool("tie_word_embeddings", default: true),
      positions: .learned(offset: 0),
      hasInputBias: true,
      hasOutputBias: true,
      hasFeedForwardBias: true,
      normalisesHeads: false,
      normsFirst: true,
      hasFinalNorm: true,
      hasAffineNorms: true,
      windows: Array(repeating: 0, count: layers),
      scalesAttention: try reader.bool("scale_attn_weights", default: true),
      scalesAttentionByLayer: try reader.bool("scale_attn_by_inverse_layer_idx", default: false),
      endTokens: try reader.tokens("eos_token_id", vocabularySize: vocabulary),
      beginToken: try reader.tokens("bos_token_id", vocabularySize: vocabulary).first)
  }
}
