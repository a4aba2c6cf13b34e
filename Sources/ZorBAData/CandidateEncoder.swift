/// A templated context and the candidates that may follow it, made to fit the model.
struct CandidateEncoder: Sendable {
  /// What came of a row.
  struct Fitted {
    var split: SequenceEncoder.Split
    var truncated: Bool
  }

  let sequences: SequenceEncoder
  let template: Template
  /// The longest sequence allowed, in tokens.
  let limit: Int

  /// Encodes a row, shortening its text as far as needed.
  ///
  /// - Parameters:
  ///   - row: The row; gives the columns and the place of errors.
  ///   - answers: The candidates' words.
  ///   - known: The candidates' ids when they are the same in every row.
  ///   - priority: A column that is shortened only when all others are used up.
  /// - Throws: `ZorBAError` when a column is missing or the example cannot fit.
  func encode(
    _ row: Row, answers: [String], known: [[Int32]]? = nil, sparing priority: String? = nil
  ) throws -> Fitted {
    var values: [String: String] = [:]
    for column in template.columns { values[column] = try row.text(of: column) }
    let continuations = answers.map(template.continuation)

    func split(_ values: [String: String]) -> SequenceEncoder.Split {
      let prefix = template.prefix(values)
      if let known { return .init(context: sequences.encode(prefix), continuations: known) }
      return sequences.split(prefix: prefix, continuations: continuations)
    }
    let whole = split(values)
    if fits(whole) { return Fitted(split: whole, truncated: false) }
    guard !whole.context.isEmpty else {
      throw row.failure(
        "nothing stands before the answer", column: template.columns.first,
        advice: "Fill the column, or put words into the template.")
    }
    let lengths = values.mapValues(\.unicodeScalars.count)
    let order = template.columns.filter { $0 != priority }.enumerated().sorted {
      let (left, right) = (lengths[$0.element] ?? 0, lengths[$1.element] ?? 0)
      return left == right ? $0.offset < $1.offset : left > right
    }
    for column in order.map(\.element) + template.columns.filter({ $0 == priority }) {
      if let fitted = shorten(column, in: &values, split: split) {
        return Fitted(split: fitted, truncated: true)
      }
    }
    let least = Self.longest(split(values))
    throw row.failure(
      "without any of its text the example still takes \(least) tokens, more than the \(limit)"
        + " allowed",
      advice: "Raise batch.max_tokens, or shorten the template or the answers.")
  }

  private static func longest(_ split: SequenceEncoder.Split) -> Int {
    split.context.count + (split.continuations.lazy.map(\.count).max() ?? 1) - 1
  }

  private func fits(_ split: SequenceEncoder.Split) -> Bool {
    !split.context.isEmpty && Self.longest(split) <= limit
  }

  /// Keeps as much of the beginning of a column as fits, found by bisection over its scalars.
  ///
  /// - Returns: The split with the longest beginning that fits; or nil with the column emptied.
  private func shorten(
    _ column: String, in values: inout [String: String],
    split: ([String: String]) -> SequenceEncoder.Split
  ) -> SequenceEncoder.Split? {
    let scalars = Array((values[column] ?? "").unicodeScalars)
    values[column] = ""
    var best = split(values)
    guard fits(best) else { return nil }
    // Invariant: `low` scalars fit, `high` do not.
    var low = 0
    var high = scalars.count
    while high - low > 1 {
      let middle = low + (high - low) / 2
      var kept = scalars[..<middle]
      while let last = kept.last, last.properties.isWhitespace { kept.removeLast() }
      values[column] = String(String.UnicodeScalarView(kept))
      let candidate = split(values)
      if fits(candidate) {
        low = middle
        best = candidate
      } else {
        high = middle
      }
    }
    return best
  }
}
