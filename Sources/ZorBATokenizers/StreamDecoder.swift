/// Decodes the ids of a generation as they come, without ever emitting half a character.
///
/// A character may span several tokens. Its bytes are held back until it is complete, or until it
/// is certain that it never will be; then U+FFFD takes their place.
package struct StreamDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skippingSpecialTokens: Bool
  private var run: Decoder.Run
  private var pending: [UInt8] = []

  /// Starts a new text.
  package init(_ tokenizer: Tokenizer, skippingSpecialTokens: Bool = true) {
    self.tokenizer = tokenizer
    self.skippingSpecialTokens = skippingSpecialTokens
    run = Decoder.Run(tokenizer.decoder)
  }

  /// Takes the next id and returns the text that has become certain, often one word, maybe none.
  package mutating func append(_ id: Int32) -> String {
    if skippingSpecialTokens, tokenizer.addedTokens.isSpecial(id) { return "" }
    run.append(id, from: tokenizer.vocabulary, to: &pending, streaming: true)
    let complete = pending.count - UTF8Text.incompleteSuffixLength(of: pending)
    let text = String(decoding: pending[..<complete], as: UTF8.self)
    pending.removeFirst(complete)
    return text
  }

  /// Returns what was held back; call it when the generation ends.
  package mutating func finish() -> String {
    run.finish(to: &pending)
    defer {
      pending = []
      run = Decoder.Run(tokenizer.decoder)
    }
    return String(decoding: pending, as: UTF8.self)
  }
}

extension Tokenizer {
  /// A decoder for one generation.
  package func streamDecoder(skippingSpecialTokens: Bool = true) -> StreamDecoder {
    StreamDecoder(self, skippingSpecialTokens: skippingSpecialTokens)
  }
}
