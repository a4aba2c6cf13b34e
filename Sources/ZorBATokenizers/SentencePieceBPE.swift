/// Byte-pair encoding over characters with a fallback to bytes: Llama 2, TinyLlama, Mistral.
///
/// Serves both file layouts: the merge list of a `tokenizer.json`, and the scores of a SentencePiece
/// model, which `SentencePieceModel` turns into a merge table.
struct SentencePieceBPE: Sendable {
  /// What a character becomes that has no piece of its own.
  struct Fallback: Sendable {
    /// The ids of `<0x00>` to `<0xFF>`, -1 for a missing one; nil without byte fallback. // [256]
    var byteIDs: [Int32]?
    var unknownID: Int32?
    /// Whether neighbouring unknown characters become one unknown token.
    var fusesUnknown: Bool
  }

  /// The initial symbol of each character.
  private let characters: ByteStringIndex
  private let merges: MergeTable
  private let fallback: Fallback
  /// Pieces that are one token whatever they consist of (`ignore_merges`); nil without.
  private let wholeWords: ByteStringIndex?
  /// Characters of pieces that are no piece themselves: symbol `firstPartial + i` is entry i.
  private let firstPartial: Int32
  private let partials: [[UInt8]]
  /// Whether no merge reaches from a character to a following `▁`, so that words merge on their own.
  private let mergesWithinWords: Bool

  /// Prepares the algorithm.
  ///
  /// - Parameters:
  ///   - vocabulary: The spelling of what `merges` makes.
  ///   - characters: The symbol of every one-character piece.
  ///   - partials: Characters that occur in pieces but are none: they take the symbols from
  ///     `firstPartial` on, may merge, and fall back if they have not.
  init(
    vocabulary: Vocabulary, characters: ByteStringIndex, merges: MergeTable, fallback: Fallback,
    wholeWords: ByteStringIndex? = nil, firstPartial: Int32 = .max, partials: [[UInt8]] = []
  ) {
    self.characters = characters
    self.merges = merges
    self.fallback = fallback
    self.wholeWords = wholeWords
    self.firstPartial = firstPartial
    self.partials = partials
    mergesWithinWords =
      characters.find(Self.mark) != nil
      && merges.results.allSatisfy { id in
        vocabulary.spelling(of: id).withUnsafeBufferPointer { Self.wordStart(in: $0, after: 0) }
          == nil
      }
  }

  private static let mark = Array("▁".utf8)

  /// Where the first `▁` stands behind another character, from a position on; nil when none does.
  private static func wordStart(in text: UTF8Text.Bytes, after start: Int) -> Int? {
    var position = start
    var followsMark = true
    while position + 2 < text.count {
      let isMark =
        text[position] == 0xE2 && text[position + 1] == 0x96 && text[position + 2] == 0x81
      if isMark, !followsMark { return position }
      followsMark = isMark
      position += isMark ? 3 : 1
    }
    return nil
  }

  /// Appends the ids of one word; without pre-tokenization that is a whole text.
  func encode(_ word: UTF8Text.Bytes, into ids: inout [Int32]) {
    if let id = wholeWords?.find(word) {
      ids.append(id)
      return
    }
    guard mergesWithinWords else { return encodeStretch(word, into: &ids) }
    var start = 0
    while start < word.count {
      let end = Self.wordStart(in: word, after: start) ?? word.count
      encodeStretch(UTF8Text.Bytes(rebasing: word[start..<end]), into: &ids)
      start = end
    }
  }

  private func encodeStretch(_ word: UTF8Text.Bytes, into ids: inout [Int32]) {
    // A character yields at most as many symbols as it has bytes.
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: word.count) { buffer in
      var count = 0
      var position = 0
      while position < word.count {
        let (_, length) = UTF8Text.scalar(in: word, at: position)
        let character = UTF8Text.Bytes(rebasing: word[position..<position + length])
        if let id = characters.find(character) {
          buffer.initializeElement(at: count, to: id)
          count += 1
        } else {
          substitute(for: character) {
            buffer.initializeElement(at: count, to: $0)
            count += 1
          }
        }
        position += length
      }
      let symbols = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
      let remaining = SymbolMerger.merge(symbols, with: merges)
      emit(UnsafeBufferPointer(rebasing: symbols[..<remaining]), into: &ids)
    }
  }

  @inline(__always)
  private func substitute(for character: UTF8Text.Bytes, _ body: (Int32) -> Void) {
    if let byteIDs = fallback.byteIDs, character.allSatisfy({ byteIDs[Int($0)] >= 0 }) {
      for byte in character { body(byteIDs[Int(byte)]) }
    } else if let unknownID = fallback.unknownID {
      body(unknownID)
    }
  }

  private func emit(_ symbols: UnsafeBufferPointer<Int32>, into ids: inout [Int32]) {
    var lastIsUnknown = false
    func append(_ id: Int32, to ids: inout [Int32]) {
      let isUnknown = id == fallback.unknownID
      if !(isUnknown && lastIsUnknown && fallback.fusesUnknown) { ids.append(id) }
      lastIsUnknown = isUnknown
    }
    for symbol in symbols {
      if symbol < firstPartial {
        append(symbol, to: &ids)
      } else {
        partials[Int(symbol - firstPartial)].withUnsafeBufferPointer {
          substitute(for: $0) { append($0, to: &ids) }
        }
      }
    }
  }
}
