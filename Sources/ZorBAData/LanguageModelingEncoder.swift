/// Running text, or rows of text, in which every token is to be predicted.
struct LanguageModelingEncoder: Sendable {
  private let sequences: SequenceEncoder
  private let columns: TaskDefinition.Columns
  /// Tokens in a full window.
  private let limit: Int
  /// Tokens not in a window yet; without a beginning-of-text token the first is the last target.
  private var pending: [Int32] = []

  init(_ task: TaskDefinition, sequences: SequenceEncoder) {
    self.sequences = sequences
    columns = task.columns
    limit = task.maximumTokens
  }

  /// Encodes one row as a text of its own; a long one loses its tail.
  ///
  /// - Throws: `ZorBAError` when there is nothing to predict.
  func encode(_ row: Row) throws -> EncodedExample {
    let tokens = sequences.encode(try row.text(of: columns.text))
    guard tokens.count >= 2 else {
      throw row.failure(
        "the text has no token to predict", column: columns.text,
        advice: "Remove the row, or give it more text.")
    }
    return EncodedExample(
      context: [tokens[0]], continuations: [Array(tokens[1...].prefix(limit))], answer: nil,
      site: try columns.site(of: row), truncated: tokens.count > limit + 1, line: row.line)
  }

  /// Adds running text and returns the windows it completes.
  ///
  /// A window reads `limit` tokens and predicts as many. It starts with the beginning-of-text token
  /// if there is one, else with the last target of the window before, so that every token of the
  /// text is predicted once (but the very first, when nothing stands before it).
  mutating func append(_ text: String) -> [EncodedExample] {
    pending += sequences.encoder.encode(text, addingSpecialTokens: false)
    return cut(whole: true)
  }

  /// The last window, shorter than the others.
  mutating func finish() -> [EncodedExample] { cut(whole: false) }

  private mutating func cut(whole: Bool) -> [EncodedExample] {
    // How many pending tokens are context rather than targets.
    let carried = sequences.start.isEmpty ? 1 : 0
    var windows: [EncodedExample] = []
    var used = 0
    while pending.count - used >= carried + (whole ? limit : 1) {
      let context = sequences.start.isEmpty ? [pending[used]] : sequences.start
      let targets = Array(pending[(used + carried)...].prefix(limit))
      windows.append(
        EncodedExample(context: context, continuations: [targets], answer: nil, line: 0))
      used += targets.count
    }
    pending.removeFirst(used)
    return windows
  }
}
