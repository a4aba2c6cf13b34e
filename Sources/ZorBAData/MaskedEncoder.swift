import ZorBADiagnostics

/// Rows of a classification as texts with a mask where the label's word belongs (Schick and Schütze,
/// 2021): an encoder sees what stands before and behind it.
struct MaskedEncoder: Sendable {
  private let encoder: any TextEncoder
  private let before: Template
  private let after: Template
  private let mask: Int32
  private let words: [[Int32]]
  private let labels: LabelSet
  private let columns: TaskDefinition.Columns
  private let limit: Int

  /// - Throws: `ZorBAError` for an unusable template, a tokenizer without a mask, or a word that is
  ///   not one token.
  init(_ task: TaskDefinition, labels: LabelSet, encoder: any TextEncoder) throws {
    guard let mask = encoder.maskID else {
      throw ZorBAError(
        .invalidConfiguration, "the tokenizer has no mask token", at: .init(field: "task.head"),
        advice: "Use the head prototypes or classifier, or an encoder trained with masks.")
    }
    self.encoder = encoder
    self.labels = labels
    self.mask = mask
    columns = task.columns
    limit = task.maximumTokens
    (before, after) = try Template.around(
      "label", of: task.template ?? "{\(task.columns.text)} It was {label}.")
    let space = before.separator
    words = try labels.words.map { label in
      let ids = encoder.encode(space + label.word, addingSpecialTokens: false)
      guard ids.count == 1 else {
        throw ZorBAError(
          .invalidConfiguration,
          "the word \"\(label.word)\" of label '\(label.value)' is \(ids.count) tokens; a mask "
            + "stands for one",
          at: .init(field: "task.labels"),
          advice: "Choose a word that is one token, or the head prototypes.")
      }
      return ids
    }
    if let error = Self.ambiguity(of: words, labels) { throw error }
  }

  private static func ambiguity(of words: [[Int32]], _ labels: LabelSet) -> ZorBAError? {
    var seen: [[Int32]: Int] = [:]
    for (index, ids) in words.enumerated() {
      guard let other = seen.updateValue(index, forKey: ids) else { continue }
      return ZorBAError(
        .invalidConfiguration,
        "labels '\(labels.words[other].value)' and '\(labels.words[index].value)' have the same "
          + "token",
        at: .init(field: "task.labels"), advice: "Give one of them another word.")
    }
    return nil
  }

  /// Encodes one row, shortening its longest column as far as needed.
  ///
  /// - Throws: `ZorBAError` naming file and line for an unknown label, a missing column or an example
  ///   that cannot fit.
  func encode(_ row: Row) throws -> EncodedExample {
    let answer = try labels.index(of: row, column: columns.label)
    var values: [String: String] = [:]
    for column in before.columns + after.columns { values[column] = try row.text(of: column) }
    var (context, position) = masked(values)
    let isLong = context.count > limit
    if isLong { (context, position) = try shortened(values, row) }
    return EncodedExample(
      context: context, continuations: words, answer: answer, queryPosition: position,
      site: try columns.site(of: row), truncated: isLong, line: row.line)
  }

  private func masked(_ values: [String: String]) -> (context: [Int32], position: Int) {
    let (prefix, suffix) = encoder.enclosingTokens
    let left = prefix + encoder.encode(before.prefix(values), addingSpecialTokens: false)
    let right = encoder.encode(after.prefix(values), addingSpecialTokens: false) + suffix
    return (left + [mask] + right, left.count)
  }

  /// Keeps as much of the beginning of the longest column as fits, found by bisection.
  private func shortened(
    _ values: [String: String], _ row: Row
  ) throws -> (context: [Int32], position: Int) {
    var values = values
    let lengths = values.map { ($0.key, Array($0.value.unicodeScalars)) }
      .sorted { ($1.1.count, $0.0) < ($0.1.count, $1.0) }
    for (column, scalars) in lengths {
      values[column] = ""
      var best = masked(values)
      guard best.context.count <= limit else { continue }
      var (low, high) = (0, scalars.count)
      while high - low > 1 {
        let middle = low + (high - low) / 2
        values[column] = String(String.UnicodeScalarView(scalars[..<middle]))
        let candidate = masked(values)
        if candidate.context.count <= limit {
          low = middle
          best = candidate
        } else {
          high = middle
        }
      }
      return best
    }
    throw row.failure(
      "without any of its text the example still takes \(masked(values).context.count) tokens, "
        + "more than the \(limit) allowed",
      advice: "Raise batch.max_tokens, or shorten the template.")
  }
}
