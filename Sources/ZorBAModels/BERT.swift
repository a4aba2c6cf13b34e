import ZorBADiagnostics

/// BERT (Devlin et al., 2019), MiniLM and their kin: learned positions and segments, every token sees
/// the whole sequence, layer norms after the residual sums.
struct BERT: Encoder {
  static let basePrefix = "bert."

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
      (transform, head) = parameters.scope(block: 0, prefix: "cls.predictions.") { p in
        let transform = MaskedTransform(
          dense: p.linear("transform.dense", inputs: h, outputs: h, bias: true),
          norm: p.layerNorm("transform.LayerNorm", width: h), activation: c.activation)
        return (transform, p.maskedHead("decoder", bias: "bias", stack.tokens, c))
      }
    case .classifier(let labels):
      classification = parameters.scope(block: 0, prefix: "") { p in
        ClassificationHead(
          dense: nil, output: p.labelHead("classifier", inputs: h, labels: labels))
      }
    case .sequenceClassifier(let labels):
      classification = parameters.scope(block: 0, prefix: "") { p in
        ClassificationHead(
          dense: p.linear("bert.pooler.dense", inputs: h, outputs: h, bias: true),
          output: p.labelHead("classifier", inputs: h, labels: labels))
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
      || ["bert.pooler.", "pooler.", "cls.", "classifier."].contains { name.hasPrefix($0) }
  }
}

extension BERT {
  static func configuration(_ reader: ConfigurationReader) throws -> ModelConfiguration {
    try EncoderStack.configuration(reader, family: .bert, positionOffset: 0)
  }
}
