import ZorBADiagnostics

/// What stands on top of a model's transformer blocks, and thereby what a query's values are.
package enum OutputHead: Sendable, Equatable {
  /// Scores of the next token (decoders).
  case languageModel
  /// Scores of the token at the query's own position (encoders).
  case maskedLM
  /// None: values are elements of the text's embedding, the normalised mean of its hidden states.
  case embedding
  /// Cosines of the text's embedding with frozen prototypes, one a label, times their scale.
  case prototypes
  /// A linear map of the text's embedding to labels.
  case classifier(labels: Int)
  /// The checkpoint's own: the first token through a dense layer and tanh, then a linear map.
  case sequenceClassifier(labels: Int)

  /// A name for people.
  package var name: String {
    switch self {
    case .languageModel: "language model"
    case .maskedLM: "masked language model"
    case .embedding: "none"
    case .prototypes: "prototypes"
    case .classifier(let labels): "classifier of \(labels) labels"
    case .sequenceClassifier(let labels): "the checkpoint's classifier of \(labels) labels"
    }
  }

  /// Whether values are scores of tokens of the vocabulary.
  package var scoresTokens: Bool { self == .languageModel || self == .maskedLM }
}

extension ModelConfiguration {
  /// The same model under another head.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the family has no such head.
  package func with(head: OutputHead) throws -> ModelConfiguration {
    guard isEncoder == (head != .languageModel) else {
      throw ZorBAError(
        .invalidConfiguration,
        isEncoder
          ? "\(family.rawValue) is an encoder and predicts no next token"
          : "\(family.rawValue) is a decoder; its only head is the language model",
        at: .init(field: "task.head"),
        advice: isEncoder
          ? "Use masked_lm, prototypes or classifier." : "Leave task.head out, or take an encoder.")
    }
    var configuration = self
    configuration.head = head
    return configuration
  }
}
