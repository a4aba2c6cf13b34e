/// What BERT does to a text before it is cut into words.
///
/// Cleaning, spaces around Chinese characters, removal of accents and lower case, in this order, each
/// as the reference library does it.
struct BertNormalizer: Sendable, Equatable {
  /// Takes out control characters; every white space becomes a space.
  var cleansText = true
  /// Makes every Chinese character a word.
  var spacesChineseCharacters = true
  /// Decomposes characters and drops nonspacing marks.
  var stripsAccents = true
  var lowercases = true

  /// Applies the steps to valid UTF-8; the result is valid UTF-8.
  func apply(to text: [UInt8]) -> [UInt8] {
    if !text.contains(where: { $0 >= 0x80 }) { return applyToASCII(text) }
    var scalars: [UInt32] = []
    scalars.reserveCapacity(text.count)
    text.withUnsafeBufferPointer { text in
      var position = 0
      while position < text.count {
        let (value, length) = UTF8Text.scalar(in: text, at: position)
        position += length
        append(value, to: &scalars)
      }
    }
    if stripsAccents {
      scalars = CanonicalComposition.decomposed(scalars)
      scalars.removeAll { BertCharacters.marks.contains($0) }
    }
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    for value in scalars {
      guard let scalar = Unicode.Scalar(value) else { continue }
      if lowercases {
        result += scalar.properties.lowercaseMapping.utf8
      } else {
        result += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      }
    }
    return result
  }

  /// Cleaning and spacing, which look at one character only.
  private func append(_ value: UInt32, to scalars: inout [UInt32]) {
    if cleansText {
      if BertCharacters.removed.contains(value) { return }
      if BertCharacters.isSpace(value) { return scalars.append(0x20) }
    }
    if spacesChineseCharacters, BertCharacters.isChinese(value) {
      scalars += [0x20, value, 0x20]
    } else {
      scalars.append(value)
    }
  }

  private func applyToASCII(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    for byte in text {
      switch byte {
      case 0x09, 0x0A, 0x0D: result.append(cleansText ? 0x20 : byte)
      case 0..<0x20, 0x7F: if !cleansText { result.append(byte) }
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): result.append(lowercases ? byte | 0x20 : byte)
      default: result.append(byte)
      }
    }
    return result
  }
}

/// A set of Unicode scalars, one bit each.
struct ScalarSet: Sendable {
  private var words: [UInt64]

  /// Reads hexadecimal scalars and ranges, `41 61-7A`.
  init(_ text: StaticString) {
    words = [UInt64](repeating: 0, count: 0x110000 / 64)
    let entries = text.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
      .split(whereSeparator: \.isWhitespace)
    for entry in entries {
      let ends = entry.split(separator: "-").compactMap { UInt32($0, radix: 16) }
      guard let first = ends.first, let last = ends.last, first <= last, last < 0x110000 else {
        continue
      }
      for value in first...last { words[Int(value / 64)] |= 1 << UInt64(value % 64) }
    }
  }

  func contains(_ value: UInt32) -> Bool {
    value < 0x110000 && words[Int(value / 64)] >> UInt64(value % 64) & 1 == 1
  }
}

/// The classes of characters that BERT's text side asks for.
enum BertCharacters {
  static let removed = ScalarSet(BertCharacterData.removed)
  static let marks = ScalarSet(BertCharacterData.marks)
  static let punctuation = ScalarSet(BertCharacterData.punctuation)

  /// The White_Space property.
  static func isSpace(_ value: UInt32) -> Bool {
    switch value {
    case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
      0x3000:
      true
    default: false
    }
  }

  /// The CJK Unified Ideographs blocks that BERT was trained to separate.
  static func isChinese(_ value: UInt32) -> Bool {
    switch value {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B81F,
      0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}

extension PreTokenizer {
  /// Cuts at white space, which is dropped, and makes every punctuation character a word.
  static func cutBert(_ text: UTF8Text.Bytes, _ body: (UTF8Text.Bytes) -> Void) {
    var start = 0
    var position = 0
    func finish() {
      if start < position { body(UTF8Text.Bytes(rebasing: text[start..<position])) }
    }
    while position < text.count {
      let (value, length) = UTF8Text.scalar(in: text, at: position)
      if BertCharacters.isSpace(value) {
        finish()
        start = position + length
      } else if BertCharacters.punctuation.contains(value) {
        finish()
        body(UTF8Text.Bytes(rebasing: text[position..<position + length]))
        start = position + length
      }
      position += length
    }
    finish()
  }
}
