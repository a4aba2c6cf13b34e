/// WordPiece (Wu et al., 2016; BERT): the longest piece from the left, again and again.
///
/// Immutable like every tokenizer, so threads share one value.
struct WordPiece: Sendable {
  /// Every token by its spelling: what a word may begin with.
  private let beginnings: ByteStringIndex
  /// The tokens that continue a word, without the mark that says so.
  private let continuations: ByteStringIndex
  /// Bytes of the longest token.
  private let longest: Int
  private let unknownID: Int32
  /// Words of more characters are unknown as a whole.
  private let maximumCharacters: Int

  /// - Parameters:
  ///   - added: The ids of added tokens that the model itself does not know.
  ///   - continuation: What marks a token that continues a word, `##`.
  init(
    vocabulary: Vocabulary, excluding added: [Int32], continuation: [UInt8], unknownID: Int32,
    maximumCharacters: Int
  ) {
    let added = Set(added)
    var beginnings = ByteStringIndex(entries: vocabulary.count)
    var continuations = ByteStringIndex(entries: vocabulary.count)
    var longest = 0
    for id in 0..<Int32(truncatingIfNeeded: vocabulary.count) {
      guard vocabulary.contains(id), !added.contains(id) else { continue }
      let spelling = Array(vocabulary.spelling(of: id))
      longest = max(longest, spelling.count)
      _ = beginnings.insert(spelling, id: id)
      if spelling.starts(with: continuation) {
        _ = continuations.insert(Array(spelling.dropFirst(continuation.count)), id: id)
      }
    }
    self.beginnings = beginnings
    self.continuations = continuations
    self.longest = longest
    self.unknownID = unknownID
    self.maximumCharacters = maximumCharacters
  }

  /// Appends the ids of one word: its pieces, or the unknown token when it has none all through.
  func encode(_ word: UTF8Text.Bytes, into ids: inout [Int32]) {
    if word.count > maximumCharacters, Self.characters(in: word) > maximumCharacters {
      ids.append(unknownID)
      return
    }
    let first = ids.count
    var start = 0
    while start < word.count {
      let index = start == 0 ? beginnings : continuations
      var end = min(word.count, start + longest)
      var found: Int32?
      while end > start {
        if end == word.count || word[end] & 0xC0 != 0x80,
          let id = index.find(UTF8Text.Bytes(rebasing: word[start..<end]))
        {
          found = id
          break
        }
        end -= 1
      }
      guard let found else {
        ids.removeSubrange(first...)
        ids.append(unknownID)
        return
      }
      ids.append(found)
      start = end
    }
  }

  private static func characters(in word: UTF8Text.Bytes) -> Int {
    word.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
  }
}
