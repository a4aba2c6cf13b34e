import ZorBADiagnostics

/// Language modelling: predict every token of running text.
package struct LanguageModelingTask: Sendable {
  private let encoder: any TextEncoder
  private let maximumTokens: Int

  package init(encoder: any TextEncoder, maximumTokens: Int) {
    self.encoder = encoder
    self.maximumTokens = maximumTokens
  }

  /// Cuts a text into windows of at most `maximumTokens`, each opened by the model's opening token
  /// where it has one; a last window of a single token is left out.
  package func windows(of text: String, line: Int = 1) -> [EncodedExample] {
    let tokens = encoder.encode(text, addingSpecialTokens: false)
    let opening = encoder.bosID.map { [$0] } ?? []
    let step = max(1, maximumTokens - opening.count)
    return stride(from: 0, to: tokens.count, by: step).compactMap { start in
      let window = opening + tokens[start..<min(tokens.count, start + step)]
      guard window.count > 1 else { return nil }
      let queries = (0..<window.count - 1).map {
        Query(sequence: 0, position: $0, targets: [window[$0 + 1]], normalised: true)
      }
      return EncodedExample(
        sequences: [Array(window.dropLast())], queries: queries, objective: .tokens, line: line)
    }
  }

  /// The windows of a row's `text` column.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` naming file and line.
  package func encode(_ row: Row) throws -> [EncodedExample] {
    windows(of: try row.text("text"), line: row.line)
  }
}
