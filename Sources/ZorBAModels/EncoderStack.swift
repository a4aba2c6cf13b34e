import ZorBADiagnostics

/// Embeddings and transformer blocks of the BERT family.
///
/// All tokens are of the first kind of segment: tasks give the model one text at a time.
struct EncoderStack: Sendable {
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
  let tokens: Embedding
  private let positions: Embedding
  private let positionOffset: Int
  private let segments: Embedding
  private let embeddingNorm: Norm
  private let layers: [Layer]

  /// - Parameter prefix: What stands before every name, `bert.`.
  init(
    _ c: ModelConfiguration, prefix: String, declaring parameters: inout ParameterDeclarations
  ) {
    let h = c.hiddenSize
    configuration = c
    let offset = if case .learned(let offset) = c.positions { offset } else { 0 }
    positionOffset = offset
    (tokens, positions, segments, embeddingNorm) =
      parameters.scope(block: 0, prefix: prefix + "embeddings.") { p in
        (
          p.embedding("word_embeddings", rows: c.vocabularySize, width: h),
          p.embedding("position_embeddings", rows: c.maximumPositions + offset, width: h),
          p.embedding("token_type_embeddings", rows: c.segmentKinds, width: h),
          p.layerNorm("LayerNorm", width: h)
        )
      }
    layers = (0..<c.layerCount).map { index in
      parameters.scope(block: index + 1, prefix: "\(prefix)encoder.layer.\(index).") { p in
        Layer(
          query: p.linear("attention.self.query", inputs: h, outputs: h, bias: true),
          key: p.linear("attention.self.key", inputs: h, outputs: h, bias: true),
          value: p.linear("attention.self.value", inputs: h, outputs: h, bias: true),
          output: p.linear("attention.output.dense", inputs: h, outputs: h, bias: true),
          attentionNorm: p.layerNorm("attention.output.LayerNorm", width: h),
          up: p.linear("intermediate.dense", inputs: h, outputs: c.intermediateSize, bias: true),
          down: p.linear("output.dense", inputs: c.intermediateSize, outputs: h, bias: true),
          finalNorm: p.layerNorm("output.LayerNorm", width: h))
      }
    }
  }

  func embed(into hidden: Activation, _ pass: ForwardPass) {
    let batch = pass.batch
    pass.embed(tokens, rows: batch.tokens, into: hidden)
    pass.addEmbedding(
      segments, rows: [Int32](repeating: 0, count: batch.rows), offset: 0, to: hidden)
    pass.addEmbedding(positions, rows: batch.positions, offset: positionOffset, to: hidden)
    pass.layerNorm(embeddingNorm, hidden, into: hidden)
  }

  func layer(_ index: Int, _ hidden: Activation, _ pass: ForwardPass) -> Activation {
    let layer = layers[index]
    let stream = pass.wanted(hidden)
    pass.scope {
      let query = pass.linear(layer.query, stream)
      let key = pass.linear(layer.key, hidden)
      let value = pass.linear(layer.value, hidden)
      let mixed = pass.attention(query, key, value, layer: index)
      pass.linear(layer.output, mixed, addingTo: stream)
    }
    pass.layerNorm(layer.attentionNorm, stream, into: stream)
    pass.scope {
      let inner = pass.linear(layer.up, stream)
      pass.activate(configuration.activation, inner)
      pass.linear(layer.down, inner, addingTo: stream)
    }
    pass.layerNorm(layer.finalNorm, stream, into: stream)
    return stream
  }
}

extension EncoderStack {
  /// Reads the members that BERT and RoBERTa share.
  ///
  /// - Parameter positionOffset: Rows of the table of positions before the first position's.
  static func configuration(
    _ reader: ConfigurationReader, family: ModelConfiguration.Family, positionOffset: Int
  ) throws -> ModelConfiguration {
    let hidden = try reader.extent("hidden_size", in: ExtentLimit.width)
    let heads = try reader.extent("num_attention_heads", in: ExtentLimit.heads)
    guard hidden % heads == 0 else {
      throw reader.invalid(
        "num_attention_heads", "hidden_size \(hidden) is not a multiple of \(heads) heads")
    }
    guard
      let activation = ActivationFunction(
        huggingFaceName: try reader.string("hidden_act") ?? "gelu")
    else { throw reader.unsupported("hidden_act") }
    guard try reader.string("position_embedding_type") ?? "absolute" == "absolute" else {
      throw reader.unsupported("position_embedding_type")
    }
    guard try !reader.bool("is_decoder", default: false) else {
      throw reader.unsupported("is_decoder", advice: "Encoders see the whole text here.")
    }
    let layers = try reader.extent("num_hidden_layers", in: ExtentLimit.layers)
    let vocabulary = try reader.extent("vocab_size", in: ExtentLimit.vocabulary)
    let rows = try reader.integer(
      "max_position_embeddings", in: ExtentLimit.positions, default: 512)
    guard rows > positionOffset else {
      throw reader.invalid(
        "max_position_embeddings",
        "\(rows) positions leave none behind the \(positionOffset) before the first")
    }
    var configuration = ModelConfiguration(
      family: family,
      vocabularySize: vocabulary,
      hiddenSize: hidden,
      embeddingSize: hidden,
      layerCount: layers,
      headCount: heads,
      keyValueHeadCount: heads,
      headSize: hidden / heads,
      intermediateSize: try reader.extent("intermediate_size", in: ExtentLimit.width),
      maximumPositions: rows - positionOffset,
      activation: activation,
      normEpsilon: Float(try reader.positive("layer_norm_eps", default: 1e-12)),
      tiedHead: try reader.bool("tie_word_embeddings", default: true),
      positions: .learned(offset: positionOffset),
      hasInputBias: true,
      hasOutputBias: true,
      hasFeedForwardBias: true,
      normalisesHeads: false,
      normsFirst: false,
      hasFinalNorm: false,
      hasAffineNorms: true,
      windows: Array(repeating: 0, count: layers),
      scalesAttention: true,
      scalesAttentionByLayer: false,
      endTokens: [],
      beginToken: nil)
    configuration.segmentKinds = try reader.integer(
      "type_vocab_size", in: ExtentLimit.heads, default: 2)
    configuration.head = try head(reader)
    return configuration
  }

  /// The head that the checkpoint was saved with.
  private static func head(_ reader: ConfigurationReader) throws -> OutputHead {
    let name = try reader.strings("architectures")?.first ?? ""
    if name.hasSuffix("ForMaskedLM") || name.hasSuffix("ForPreTraining") { return .maskedLM }
    guard name.hasSuffix("ForSequenceClassification") else { return .embedding }
    let named = try reader.nested("id2label")?.keys.count
    let labels =
      try named ?? reader.integer("num_labels", in: ExtentLimit.vocabulary, default: 2)
    guard labels >= 2 else {
      throw reader.unsupported(
        named == nil ? "num_labels" : "id2label", advice: "Regression is not implemented.")
    }
    return .sequenceClassifier(labels: labels)
  }
}
