import ZorBADiagnostics

/// RoBERTa (Liu et al., 2019): BERT with positions stored behind the padding token's, one kind of
/// segment, and heads of its own names.
struct RoBERTa: Encoder {
  static let basePrefix = "roberta."

  let stack: EncoderStack
  let transform: MaskedTransform?
  let head: Linear
  let classification: ClassificationHead?

  init(_ configuration: ModelConfiguration, declaring parameters: inout ParameterDeclarations) {
    let c = configuration
    let h = c.hiddenSize
    let stack = EncoderStack(c, prefix: Self.basePrefix, declaring: &parameters)
    var transform: MaskedTransform?
    var head = parameters.head(
      tiedTo: stack.tokens, vocabularySize: c.vocabularySize, tied: true)
    var classification: ClassificationHead?
    switch c.head {
    case .maskedLM:
      (transform, head) = parameters.scope(block: 0, prefix: "lm_head.") { p in
        let transform = MaskedTransform(
          dense: p.linear("dense", inputs: h, outputs: h, bias: true),
          norm: p.layerNorm("layer_norm", width: h), activation: .gelu)
        return (transform, p.maskedHead("decoder", bias: "bias", stack.tokens, c))
      }
    case .classifier(let labels):
      classification = parameters.scope(block: 0, prefix: "") { p in
        ClassificationHead(
          dense: nil, output: p.labelHead("classifier", inputs: h, labels: labels))
      }
    case .sequenceClassifier(let labels):
      classification = parameters.scope(block: 0, prefix: "classifier.") { p in
        ClassificationHead(
          dense: p.linear("dense", inputs: h, outputs: h, bias: true),
          output: p.labelHead("out_proj", inputs: h, labels: labels))
      }
    case .languageModel, .embedding, .prototypes: break
    }
    self.stack = stack
    self.transform = transform
    self.head = head
    self.classification = classification
  }

  static func mayIgnore(_ name: String) -> Bool {
    name.hasSuffix("embeddings.position_ids")
      || ["roberta.pooler.", "pooler.", "lm_head.", "classifier."].contains { name.hasPrefix($0) }
  }
}

extension RoBERTa {
  static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
    let padding =
      try reader.optionalInteger("pad_token_id", in: 0...ExtentLimit.vocabulary.upperBound) ?? 1
    return try EncoderStack.configuration(reader, family: .roberta, positionOffset: padding + 1)
  }
}
