/// The normalization of a SentencePiece model: a character map, then the treatment of spaces.
///
/// The map (`precompiled_charsmap`) is empty for `identity`, which Llama and Mistral use; others,
/// such as `nmt_nfkc`, come as a trie compiled into the model, so every named rule set works.
struct SentencePieceNormalizer: Sendable, Equatable {
  /// A double-array trie from byte strings to their replacement.
  struct CharacterMap: Sendable, Equatable {
    private let units: [UInt32]
    private let replacements: [UInt8]  // UTF-8 strings, each ended by 0

    /// A replacement longer than any that Unicode defines would let a file blow up a text.
    private static let maximumReplacement = 256

    /// Reads a compiled map; nil when it is damaged.
    init?(_ blob: ArraySlice<UInt8>) {
      guard blob.count >= 4 else { return nil }
      let word = { (at: Int) -> UInt32 in
        (0..<4).reduce(0) { $0 | UInt32(blob[blob.startIndex + at + $1]) << UInt32(8 * $1) }
      }
      let size = Int(word(0))
      guard size > 0, size % 4 == 0, size <= blob.count - 4 else { return nil }
      units = (0..<size / 4).map { word(4 + 4 * $0) }
      replacements = Array(blob.dropFirst(4 + size))
      guard String(validating: replacements, as: UTF8.self) != nil,
        replacements.split(separator: 0).allSatisfy({ $0.count <= Self.maximumReplacement })
      else { return nil }
    }

    /// The longest entry that the text starts with at `position`: its length and replacement.
    func longestMatch(in text: [UInt8], at position: Int) -> (length: Int, ArraySlice<UInt8>)? {
      var best: (length: Int, value: Int)?
      var node = Self.offset(units[0])
      var index = position
      while index < text.count {
        node ^= Int(text[index])
        guard node < units.count else { break }
        let unit = units[node]
        guard unit & 0x8000_00FF == UInt32(text[index]) else { break }
        index += 1
        node ^= Self.offset(unit)
        guard node < units.count else { break }
        if unit >> 8 & 1 == 1 { best = (index - position, Int(units[node] & 0x7FFF_FFFF)) }
      }
      // A damaged trie may end inside a character of the text or of a replacement.
      guard let (length, value) = best, value < replacements.count,
        replacements[value] & 0xC0 != 0x80,
        position + length == text.count || text[position + length] & 0xC0 != 0x80
      else { return nil }
      let end = replacements[value...].firstIndex(of: 0) ?? replacements.count
      return (length, replacements[value..<end])
    }

    private static func offset(_ unit: UInt32) -> Int {
      Int((unit >> 10) << ((unit & 0x200) >> 6))
    }
  }

  var map: CharacterMap?
  var addsDummyPrefix = true
  /// Whether text behind an added token goes without the prefix (`"legacy": false`).
  var prefixesOnlyStart = false
  var removesExtraSpaces = true
  var escapesSpaces = true

  static let visibleSpace = Array("▁".utf8)

  /// Applies the map and the treatment of spaces to valid UTF-8.
  ///
  /// - Parameter isStart: Whether nothing stands before the text.
  func apply(to text: [UInt8], isStart: Bool) -> [UInt8] {
    let space = escapesSpaces ? Self.visibleSpace : [UInt8(ascii: " ")]
    var result: [UInt8] = []
    result.reserveCapacity(text.count + text.count / 2)
    var afterSpace = removesExtraSpaces
    var hasStarted = false
    var position = 0
    while position < text.count {
      let (length, character) = character(of: text, at: position)
      position += length
      // Leading spaces go before the prefix is added, so a text of spaces alone stays empty.
      if !hasStarted {
        if removesExtraSpaces, character.count == 1, character.first == UInt8(ascii: " ") {
          continue
        }
        hasStarted = true
        if addsDummyPrefix, isStart || !prefixesOnlyStart { result += space }
      }
      var piece = character
      while afterSpace, piece.first == UInt8(ascii: " ") { piece = piece.dropFirst() }
      if let last = piece.last {
        for byte in piece {
          if byte == UInt8(ascii: " ") { result += space } else { result.append(byte) }
        }
        afterSpace = removesExtraSpaces && last == UInt8(ascii: " ")
      }
    }
    while removesExtraSpaces, result.suffix(space.count) == space[...] {
      result.removeLast(space.count)
    }
    return result
  }

  private func character(of text: [UInt8], at position: Int) -> (length: Int, ArraySlice<UInt8>) {
    if let match = map?.longestMatch(in: text, at: position) { return match }
    let lead = text[position]
    let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    return (length, text[position..<position + length])
  }
}
