/// Prompts with the completions to predict; only the completion and the end of text are scored.
struct CompletionEncoder: Sendable {
  private let sequences: SequenceEncoder
  private let columns: TaskDefinition.Columns
  private let limit: Int

  init(_ task: TaskDefinition, sequences: SequenceEncoder) {
    self.sequences = sequences
    columns = task.columns
    limit = task.maximumTokens
  }

  /// Encodes one row; a prompt that is too long loses its beginning.
  ///
  /// - Throws: `ZorBAError` when the completion is empty or does not fit.
  func encode(_ row: Row) throws -> EncodedExample {
    let prompt = try row.text(of: columns.prompt)
    let completion = try row.text(of: columns.completion)
    guard !completion.isEmpty else {
      throw row.failure("the completion is empty", column: columns.completion)
    }
    let split = sequences.split(prefix: prompt, continuations: [completion])
    var context = split.context
    var targets = split.continuations[0]
    if let end = sequences.encoder.eosID { targets.append(end) }
    guard !targets.isEmpty else {
      throw row.failure("the completion has no tokens", column: columns.completion)
    }
    guard !context.isEmpty else {
      throw row.failure(
        "the prompt is empty", column: columns.prompt,
        advice: "This model has no beginning-of-text token; give it at least a word to start from.")
    }
    // The last target is predicted, never read.
    let room = limit - (targets.count - 1)
    let surplus = context.count - room
    if surplus > 0 {
      // With a beginning-of-text token one place is its own; otherwise one prompt token must stay.
      guard room >= 1 else {
        throw row.failure(
          "the completion alone takes \(targets.count) tokens, more than the \(limit) allowed",
          column: columns.completion, advice: "Raise batch.max_tokens, or shorten it.")
      }
      let kept = room - sequences.start.count
      context = sequences.start + context.suffix(max(0, kept))
    }
    return EncodedExample(
      context: context, continuations: [targets], answer: nil,
      site: try columns.site(of: row), truncated: surplus > 0, line: row.line)
  }
}
