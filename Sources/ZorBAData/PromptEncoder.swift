import ZorBADiagnostics

/// Puts a prompt and a continuation together as tokens, and makes long prompts fit.
struct PromptEncoder: Sendable {
  let encoder: any TextEncoder
  let maximumTokens: Int

  /// The tokens of a prompt, and of a continuation as it follows the prompt.
  ///
  /// A blank before the answer belongs to the answer's first token in byte-level vocabularies, so it
  /// is moved from the prompt's end to the continuation's beginning.
  func split(_ prompt: String) -> (prompt: String, lead: String) {
    prompt.hasSuffix(" ") ? (String(prompt.dropLast()), " ") : (prompt, "")
  }

  func prompt(_ text: String) -> [Int32] { encoder.encode(text, addingSpecialTokens: true) }

  /// The tokens that `continuation` adds behind `prompt`.
  func continuation(_ continuation: String, after prompt: String) -> [Int32] {
    let before = self.prompt(prompt)
    let whole = self.prompt(prompt + continuation)
    if whole.count > before.count, whole.starts(with: before) {
      return Array(whole[before.count...])
    }
    // The prompt's last token changed its shape; the continuation is encoded by itself.
    return encoder.encode(continuation, addingSpecialTokens: false)
  }

  /// Shortens the longest column until the prompt has at most `limit` tokens.
  ///
  /// - Parameters:
  ///   - keepsEnd: Whether a column loses its beginning instead of its end.
  /// - Returns: The prompt and whether anything was cut; nil when even empty columns do not fit.
  func fitted(
    _ pieces: [(text: String, isColumn: Bool)], limit: Int, keepsEnd: Bool = false
  ) -> (text: String, truncated: Bool)? {
    var pieces = pieces
    func joined() -> String { pieces.map(\.text).joined() }
    func count() -> Int { prompt(split(joined()).prompt).count }
    if count() <= limit { return (joined(), false) }
    var candidates = pieces.indices.filter { pieces[$0].isColumn && !pieces[$0].text.isEmpty }
    while let longest = candidates.max(by: { pieces[$0].text.utf8.count < pieces[$1].text.utf8.count })
    {
      let scalars = Array(pieces[longest].text.unicodeScalars)
      func cut(_ kept: Int) {
        let part = keepsEnd ? scalars.suffix(kept) : scalars.prefix(kept)
        var view = String.UnicodeScalarView()
        view.append(contentsOf: part)
        pieces[longest].text = String(view)
      }
      cut(0)
      if count() <= limit {
        // The largest part that fits; token counts grow with the text but for a token or two.
        var low = 0
        var high = scalars.count
        while low < high {
          let middle = (low + high + 1) / 2
          cut(middle)
          if count() <= limit { low = middle } else { high = middle - 1 }
        }
        cut(low)
        return (joined(), true)
      }
      candidates.removeAll { $0 == longest }
    }
    return nil
  }
}
