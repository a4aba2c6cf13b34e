import ZorBADiagnostics

/// Rows of a classification as contexts with the label words as candidates.
struct ClassificationEncoder: Sendable {
  private let candidates: CandidateEncoder
  private let labels: LabelSet
  private let columns: TaskDefinition.Columns
  /// The ids of the label words when they are the same in every row.
  private let known: [[Int32]]?

  /// - Throws: `ZorBAError` for an unusable template, or labels whose words are the same tokens.
  init(_ task: TaskDefinition, labels: LabelSet, sequences: SequenceEncoder) throws {
    let text = task.template ?? "{\(task.columns.text)} It was {label}."
    let template = try Template(text, slot: "label")
    self.labels = labels
    columns = task.columns
    candidates = CandidateEncoder(
      sequences: sequences, template: template, limit: task.maximumTokens)
    known = template.anchor.flatMap { anchor in
      let split = sequences.split(
        prefix: anchor, continuations: labels.words.map { template.continuation($0.word) })
      return split.context == sequences.encode(anchor) ? split.continuations : nil
    }
    if let known, let error = Self.ambiguity(of: known, labels: labels) { throw error }
  }

  /// Encodes one row.
  ///
  /// - Throws: `ZorBAError` naming file and line for an unknown label, a missing column, or an
  ///   example that cannot fit.
  func encode(_ row: Row) throws -> EncodedExample {
    let answer = try labels.index(of: row, column: columns.label)
    let fitted = try candidates.encode(row, answers: labels.words.map(\.word), known: known)
    if known == nil, var error = Self.ambiguity(of: fitted.split.continuations, labels: labels) {
      error.location.file = row.file
      error.location.line = row.line
      throw error
    }
    return EncodedExample(
      context: fitted.split.context, continuations: fitted.split.continuations, answer: answer,
      site: try columns.site(of: row), truncated: fitted.truncated, line: row.line)
  }

  /// What is wrong when two labels cannot be told apart.
  private static func ambiguity(of tokens: [[Int32]], labels: LabelSet) -> ZorBAError? {
    var seen: [[Int32]: Int] = [:]
    for (index, ids) in tokens.enumerated() {
      guard !ids.isEmpty else {
        return ZorBAError(
          .invalidConfiguration, "the word of label '\(labels.words[index].value)' has no tokens",
          at: .init(field: "task.labels"), advice: "Choose another word.")
      }
      guard let other = seen.updateValue(index, forKey: ids) else { continue }
      let (first, second) = (labels.words[other], labels.words[index])
      return ZorBAError(
        .invalidConfiguration,
        "labels '\(first.value)' and '\(second.value)' are the same tokens"
          + " (words \"\(first.word)\" and \"\(second.word)\")",
        at: .init(field: "task.labels"), advice: "Give one of them another word.")
    }
    return nil
  }
}
