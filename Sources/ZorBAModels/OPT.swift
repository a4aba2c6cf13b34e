import ZorBADiagnostics

/// OPT (Zhang et al., 2022): learned positions stored two rows down, ReLU, biases, layer norms
/// before each part; the 350M size normalises after the residual sums and narrows its embedding.
struct OPT: Decoder {
  static let basePrefix = "model."

  private struct Layer {
    let query: Linear
    let key: Linear
    let value: Linear
    let output: Linear
    let attentionNorm: Norm
    let up: Linear
    let down: Linear
    let finalNorm: Norm
  }

  private let configuration: ModelConfiguration
  private let tokens: Embedding
  private let positions: Embedding
  private let projectIn: Linear?
  private let projectOut: Linear?
  private let layers: [Layer]
  private let finalNorm: Norm?
  let head: Linear

  init(_ configuration: ModelConfiguration, declaring parameters: inout ParameterDeclarations) {
    let c = configuration
    let root = "model.decoder."
    self.configuration = c
    let isNarrow = c.embeddingSize != c.hiddenSize
    (tokens, positions, projectIn, projectOut, finalNorm) =
      parameters.scope(block: 0, prefix: root) { p in
        (
          p.embedding("embed_tokens", rows: c.vocabularySize, width: c.embeddingSize),
          p.embedding("embed_positions", rows: c.maximumPositions + 2, width: c.hiddenSize),
          isNarrow
            ? p.linear("project_in", inputs: c.embeddingSize, outputs: c.hiddenSize, bias: false)
            : nil,
          isNarrow
            ? p.linear("project_out", inputs: c.hiddenSize, outputs: c.embeddingSize, bias: false)
            : nil,
          c.hasFinalNorm
            ? p.layerNorm("final_layer_norm", width: c.hiddenSize, affine: c.hasAffineNorms) : nil
        )
      }
    layers = (0..<c.layerCount).map { index in
      parameters.scope(block: index + 1, prefix: "\(root)layers.\(index).") { p in
        let h = c.hiddenSize
        return Layer(
          query: p.linear("self_attn.q_proj", inputs: h, outputs: h, bias: c.hasInputBias),
          key: p.linear("self_attn.k_proj", inputs: h, outputs: h, bias: c.hasInputBias),
          value: p.linear("self_attn.v_proj", inputs: h, outputs: h, bias: c.hasInputBias),
          output: p.linear("self_attn.out_proj", inputs: h, outputs: h, bias: c.hasOutputBias),
          attentionNorm: p.layerNorm("self_attn_layer_norm", width: h, affine: c.hasAffineNorms),
          up: p.linear(
            "fc1", inputs: h, outputs: c.intermediateSize, bias: c.hasFeedForwardBias),
          down: p.linear(
            "fc2", inputs: c.intermediateSize, outputs: h, bias: c.hasFeedForwardBias),
          finalNorm: p.layerNorm("final_layer_norm", width: h, affine: c.hasAffineNorms))
      }
    }
    head = parameters.head(tiedTo: tokens, vocabularySize: c.vocabularySize, tied: c.tiedHead)
  }

  func embed(into hidden: Activation, _ pass: ForwardPass) {
    if let projectIn {
      pass.scope {
        let narrow = pass.activation(rows: hidden.rows, width: tokens.width)
        pass.embed(tokens, rows: pass.batch.tokens, into: narrow)
        pass.linear(projectIn, narrow, into: hidden)
      }
    } else {
      pass.embed(tokens, rows: pass.batch.tokens, into: hidden)
    }
    pass.addEmbedding(positions, rows: pass.batch.positions, offset: 2, to: hidden)
  }

  func layer(_ index: Int, _ hidden: Activation, _ pass: ForwardPass) -> Activation {
    let layer = layers[index]
    let normsFirst = configuration.normsFirst
    let stream = pass.wanted(hidden)
    pass.scope {
      var input = hidden
      if normsFirst {
        input = pass.activation(like: hidden)
        pass.layerNorm(layer.attentionNorm, hidden, into: input)
      }
      let query = pass.linear(layer.query, pass.wanted(input))
      let key = pass.linear(layer.key, input)
      let value = pass.linear(layer.value, input)
      let mixed = pass.attention(query, key, value, layer: index)
      pass.linear(layer.output, mixed, addingTo: stream)
    }
    if !normsFirst { pass.layerNorm(layer.attentionNorm, stream, into: stream) }
    pass.scope {
      var input = stream
      if normsFirst {
        input = pass.activation(like: stream)
        pass.layerNorm(layer.finalNorm, stream, into: input)
      }
      let inner = pass.linear(layer.up, input)
      pass.activate(configuration.activation, inner)
      pass.linear(layer.down, inner, addingTo: stream)
    }
    if !normsFirst { pass.layerNorm(layer.finalNorm, stream, into: stream) }
    return stream
  }

  func finish(_ hidden: Activation, _ pass: ForwardPass) -> Activation {
    if let finalNorm { pass.layerNorm(finalNorm, hidden, into: hidden) }
    guard let projectOut else { return hidden }
    return pass.linear(projectOut, hidden)
  }
}

extension OPT {
  static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
    let hidden = try reader.extent("hidden_size", in: ExtentLimit.width)
    let heads = try reader.extent("num_attention_heads", in: ExtentLimit.heads)
    guard hidden % heads == 0 else {
      throw reader.invalid(
        "num_attention_heads", "hidden_size \(hidden) is not a multiple of \(heads) heads")
    }
    guard
      let activation = ActivationFunction(
        huggingFaceName: try reader.string("activation_function") ?? "relu")
    else { throw reader.unsupported("activation_function") }
    let layers = try reader.extent("num_hidden_layers", in: ExtentLimit.layers)
    let vocabulary = try reader.extent("vocab_size", in: ExtentLimit.vocabulary)
    let bias = try reader.bool("enable_bias", default: true)
    let normsFirst = try reader.bool("do_layer_norm_before", default: true)
    let withoutFinalNorm = try reader.bool("_remove_final_layer_norm", default: false)
    return ModelConfiguration(
      family: .opt,
      vocabularySize: vocabulary,
      hiddenSize: hidden,
      embeddingSize: try reader.integer(
        "word_embed_proj_dim", in: ExtentLimit.width, default: hidden),
      layerCount: layers,
      headCount: heads,
      keyValueHeadCount: heads,
      headSize: hidden / heads,
      intermediateSize: try reader.extent("ffn_dim", in: ExtentLimit.width),
      maximumPositions: try reader.integer(
        "max_position_embeddings", in: ExtentLimit.positions, default: 2048),
      activation: activation,
      normEpsilon: 1e-5,
      tiedHead: try reader.bool("tie_word_embeddings", default: true),
      positions: .learned(offset: 2),
      hasInputBias: bias,
      hasOutputBias: bias,
      hasFeedForwardBias: bias,
      normalisesHeads: false,
      normsFirst: normsFirst,
      hasFinalNorm: normsFirst && !withoutFinalNorm,
      hasAffineNorms: try reader.bool("layer_norm_elementwise_affine", default: true),
      windows: Array(repeating: 0, count: layers),
      scalesAttention: true,
      scalesAttentionByLayer: false,
      endTokens: try reader.tokens("eos_token_id", vocabularySize: vocabulary),
      beginToken: try reader.tokens("bos_token_id", vocabularySize: vocabulary).first)
  }
}
