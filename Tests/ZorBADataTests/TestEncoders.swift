import ZorBAData

/// Every UTF-8 byte is a token, 0 begins and (if wanted) 1 ends a text; bytes start at 2.
struct ByteEncoder: TextEncoder {
  var hasBeginning = true
  var hasEnd = true

  var vocabularySize: Int { 258 }
  var bosID: Int32? { hasBeginning ? 0 : nil }
  var eosID: Int32? { hasEnd ? 1 : nil }

  func encode(_ text: String, addingSpecialTokens: Bool) -> [Int32] {
    (addingSpecialTokens && hasBeginning ? [0] : []) + text.utf8.map { Int32($0) + 2 }
  }

  /// The text of ids, special tokens left out.
  static func text(_ ids: [Int32]) -> String {
    String(decoding: ids.compactMap { $0 >= 2 ? UInt8($0 - 2) : nil }, as: UTF8.self)
  }
}

/// Whole words with the space before them, and a space put in front of every text, as
/// SentencePiece does; ids are given by `vocabulary`, unknown words are spelt in bytes from 1000.
struct WordEncoder: TextEncoder {
  var vocabulary: [String: Int32] = [:]
  var vocabularySize: Int { 2000 }
  var bosID: Int32? { nil }
  var eosID: Int32? { nil }

  func encode(_ text: String, addingSpecialTokens: Bool) -> [Int32] {
    var ids: [Int32] = []
    var word = " "
    func flush() {
      if let id = vocabulary[word] {
        ids.append(id)
      } else {
        ids += word.utf8.map { Int32($0) + 1000 }
      }
      word = ""
    }
    for character in text {
      if character == " " { flush() }
      word.append(character)
    }
    flush()
    return ids
  }
}
