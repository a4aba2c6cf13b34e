import ZorBADiagnostics

/// Prompt and completion: only the completion's tokens, and the end of text, are predicted.
package struct CompletionTask: Sendable {
  private let encoder: PromptEncoder
  private let promptColumn: String
  private let completionColumn: String

  package init(
    promptColumn: String, completionColumn: String, encoder: any TextEncoder, maximumTokens: Int
  ) {
    self.encoder = PromptEncoder(encoder: encoder, maximumTokens: maximumTokens)
    self.promptColumn = promptColumn
    self.completionColumn = completionColumn
  }

  /// Encodes a row; a prompt that is too long loses its beginning.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` naming file and line.
  package func encode(_ row: Row) throws -> EncodedExample {
    let prompt = try row.text(promptColumn)
    let completion = try row.text(completionColumn)
    guard !completion.isEmpty else {
      throw row.failure("the completion is empty", field: completionColumn)
    }
    let end = encoder.encoder.eosID.map { [$0] } ?? []
    let target = encoder.continuation(completion, after: prompt) + end
    let room = encoder.maximumTokens - target.count + 1
    guard room >= 1, let fitted = encoder.fitted([(prompt, true)], limit: room, keepsEnd: true)
    else {
      throw row.failure(
        "the completion has \(target.count) tokens, more than fit into \(encoder.maximumTokens)",
        field: completionColumn, advice: "Raise batch.max_tokens or shorten the completion.")
    }
    var context = encoder.prompt(fitted.text)
    if context.isEmpty {
      guard let opening = encoder.encoder.bosID ?? encoder.encoder.eosID else {
        throw row.failure("the prompt is empty", field: promptColumn)
      }
      context = [opening]
    }
    let sequence = context + target.dropLast()
    let queries = target.indices.map {
      Query(
        sequence: 0, position: context.count - 1 + $0, targets: [target[$0]], normalised: true)
    }
    return EncodedExample(
      sequences: [sequence], queries: queries, objective: .tokens, truncated: fitted.truncated,
      line: row.line)
  }
}
