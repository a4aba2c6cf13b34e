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

  /// Prepares the algorithm.
  ///
  /// - Parameters:
  ///   - characters: The symbol of every one-character piece.
  ///   - partials: Characters that occur in pieces but are none: they take the symbols from
  ///     `firstPartial` on, may merge, and fall back if they have not.
  init(
    characters: ByteStringIndex, merges: MergeTable, fallback: Fallback,
    wholeWords: ByteStringIndex? = nil, firstPartial: Int32 = .max, partials: [[UInt8]] = []
  ) {
    self.characters = characters
    self.merges = merges
    self.fallback = fallback
    self.wholeWords = wholeWords
    self.firstPartial = firstPartial
    self.partials = partials
  }

  /// Appends the ids of one word; without pre-tokenization that is a whole text.
  func encode(_ word: UTF8Text.Bytes, into ids: inout [Int32]) {
    if let id = wholeWords?.find(word) {
      ids.append(id)
      return
    }
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
