import ZorBADiagnostics

/// Classification by label words: which word does the model expect at the label's place?
///
/// An option's score is the mean log-likelihood of its word's tokens; the loss is the cross-entropy
/// over the options. When every word is one token, one sequence serves all options, and only their
/// logits are needed.
package struct ClassificationTask: Sendable {
  /// The label values, in order.
  package let labels: [String]
  private let words: [String]
  private let template: Template
  private let encoder: PromptEncoder

  package static let defaultTemplate = "{text} It was {label}."

  /// - Parameters:
  ///   - template: The prompt, with `{label}`.
  ///   - labels: Values and words.
  ///   - encoder: The tokenizer.
  ///   - maximumTokens: The most tokens of a sequence.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` for a template or words that cannot be
  ///   used.
  package init(
    template: String, labels: [(value: String, word: String)], encoder: any TextEncoder,
    maximumTokens: Int
  ) throws {
    self.template = try Template(template, answer: "label")
    self.labels = labels.map(\.value)
    self.words = labels.map(\.word)
    self.encoder = PromptEncoder(encoder: encoder, maximumTokens: maximumTokens)
    guard labels.count >= 2 else {
      throw ZorBAError(
        .invalidConfiguration, "there are \(labels.count) labels", at: .init(field: "task.labels"),
        advice: "Classification needs two or more.")
    }
    var seen: [[Int32]: String] = [:]
    for (value, word) in labels {
      // Which words collide does not depend on the prompt, but for its last character.
      let lead = self.encoder.split(Self.ending(of: self.template)).lead
      let tokens = self.encoder.continuation(lead + word, after: "x")
      guard !word.isEmpty, !tokens.isEmpty else {
        throw ZorBAError(
          .invalidConfiguration, "label '\(value)' has an empty word",
          at: .init(field: "task.labels.\(value)"), advice: "Give it a word.")
      }
      if let other = seen.updateValue(value, forKey: tokens) {
        throw ZorBAError(
          .invalidConfiguration, "labels '\(other)' and '\(value)' have the same word tokens",
          at: .init(field: "task.labels"), advice: "Choose words that differ.")
      }
    }
  }

  private static func ending(of template: Template) -> String {
    if case .literal(let text) = template.parts.last { text } else { "" }
  }

  /// Encodes a row; without a label it can be predicted but not scored.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` naming file and line.
  package func encode(_ row: Row, labelColumn: String = "label") throws -> EncodedExample {
    let value = try row.text(labelColumn)
    guard let label = labels.firstIndex(where: { $0.utf8.elementsEqual(value.utf8) }) else {
      throw row.failure(
        "unknown label '\(value)'", field: labelColumn,
        advice: "Known labels: \(labels.prefix(20).joined(separator: ", ")).")
    }
    let pieces = try template.pieces(of: row)
    let full = encoder.split(pieces.map(\.text).joined())
    var options = words.map { encoder.continuation(full.lead + $0, after: full.prompt) }
    let longest = options.map(\.count).max() ?? 1
    guard let fitted = encoder.fitted(pieces, limit: encoder.maximumTokens - longest) else {
      throw row.failure(
        "the template alone is longer than \(encoder.maximumTokens) tokens",
        advice: "Raise batch.max_tokens or shorten task.template.")
    }
    let prompt = encoder.split(fitted.text)
    if fitted.truncated {
      options = words.map { encoder.continuation(prompt.lead + $0, after: prompt.prompt) }
    }
    var example = CandidateEncoding.example(
      prompts: [encoder.prompt(prompt.prompt)], options: options, answer: label)
    example.label = label
    example.truncated = fitted.truncated
    example.line = row.line
    return example
  }
}
