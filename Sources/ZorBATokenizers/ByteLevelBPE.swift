/// Byte-pair encoding over bytes: GPT-2, OPT, Llama 3, Qwen.
///
/// Most words of real text are one token. Those are found by one look-up in an immutable table,
/// which holds exactly the tokens that merging would arrive at; the others are merged. Nothing is
/// cached while encoding, so threads share one value without locks.
struct ByteLevelBPE: Sendable {
  private let byteIDs: [Int32]  // [256], -1 for a byte the vocabulary lacks
  private let merges: MergeTable
  private let wholeWords: ByteStringIndex
  private let longestWord: Int
  private let unknownID: Int32?
  private let fusesUnknown: Bool

  /// Prepares the algorithm for a vocabulary spelled in the byte alphabet.
  ///
  /// - Parameters:
  ///   - added: The ids of added tokens that the model itself does not know.
  ///   - ignoresMerges: Whether a word that is a token is that token even if merging would not
  ///     arrive at it (`ignore_merges`, Llama 3).
  init(
    vocabulary: Vocabulary, excluding added: [Int32], merges: MergeTable, ignoresMerges: Bool,
    unknownID: Int32?, fusesUnknown: Bool
  ) {
    let byteIDs = (0..<256).map {
      vocabulary.index.find(ByteAlphabet.spelling(of: UInt8($0))) ?? -1
    }
    self.byteIDs = byteIDs
    self.merges = merges
    self.unknownID = unknownID
    self.fusesUnknown = fusesUnknown
    let added = Set(added)
    var wholeWords = ByteStringIndex(entries: vocabulary.count)
    var longestWord = 0
    var symbols: [Int32] = []
    for id in 0..<Int32(truncatingIfNeeded: vocabulary.count) {
      guard vocabulary.contains(id), !added.contains(id) else { continue }
      let spelling = vocabulary.spelling(of: id)
      guard let bytes = spelling.withUnsafeBufferPointer({ ByteAlphabet.decode($0) }),
        !bytes.isEmpty
      else { continue }
      if !ignoresMerges {
        symbols.removeAll(keepingCapacity: true)
        for byte in bytes { symbols.append(byteIDs[Int(byte)]) }
        if symbols.contains(-1) { continue }
        let count = symbols.withUnsafeMutableBufferPointer { SymbolMerger.merge($0, with: merges) }
        guard count == 1, symbols[0] == id else { continue }
      }
      longestWord = max(longestWord, bytes.count)
      _ = wholeWords.insert(bytes, id: id)
    }
    self.wholeWords = wholeWords
    self.longestWord = longestWord
  }

  /// Appends the ids of one word.
  func encode(_ word: UTF8Text.Bytes, into ids: inout [Int32]) {
    if word.count <= longestWord, let id = wholeWords.find(word) {
      ids.append(id)
      return
    }
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: word.count) { buffer in
      var count = 0
      var lastIsUnknown = false
      for byte in word {
        let id = byteIDs[Int(byte)]
        if id >= 0 {
          buffer.initializeElement(at: count, to: id)
          count += 1
        } else if let unknownID, !(fusesUnknown && lastIsUnknown) {
          buffer.initializeElement(at: count, to: unknownID)
          count += 1
        }
        lastIsUnknown = id < 0
      }
      let symbols = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
      let remaining = SymbolMerger.merge(symbols, with: merges)
      ids.append(contentsOf: symbols[..<remaining])
    }
  }
}
