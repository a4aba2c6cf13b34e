import Foundation

/// What happens to a text before it is cut into words.
struct Normalizer: Sendable {
  /// One step; they are applied in order.
  enum Step: Sendable, Equatable {
    /// Canonical composition (Unicode normalization form C).
    case composed
    /// Puts bytes before a text that is not empty.
    case prepend([UInt8])
    /// Replaces every occurrence of a byte string that is not empty.
    case replace([UInt8], with: [UInt8])
    /// Removes white space at the ends.
    case strip(left: Bool, right: Bool)
    /// What a SentencePiece model asks for.
    case sentencePiece(SentencePieceNormalizer)
  }

  var steps: [Step] = []

  /// Applies every step to valid UTF-8; the result is valid UTF-8.
  func apply(to text: [UInt8]) -> [UInt8] {
    var text = text
    for step in steps {
      switch step {
      case .composed: Self.compose(&text)
      case .prepend(let prefix): if !text.isEmpty { text.insert(contentsOf: prefix, at: 0) }
      case .replace(let pattern, let replacement):
        text = Self.replace(pattern, in: text, with: replacement)
      case .strip(let left, let right): text = Self.strip(text, left: left, right: right)
      case .sentencePiece(let normalizer): text = normalizer.apply(to: text)
      }
    }
    return text
  }

  static func replace(_ pattern: [UInt8], in text: [UInt8], with replacement: [UInt8]) -> [UInt8] {
    guard let first = pattern.first, text.contains(first) else { return text }
    var result: [UInt8] = []
    result.reserveCapacity(text.count + text.count / 2)
    var position = 0
    while position < text.count {
      if text[position] == first, text[position...].starts(with: pattern) {
        result.append(contentsOf: replacement)
        position += pattern.count
      } else {
        result.append(text[position])
        position += 1
      }
    }
    return result
  }

  private static func strip(_ text: [UInt8], left: Bool, right: Bool) -> [UInt8] {
    var scalars = String(decoding: text, as: UTF8.self).unicodeScalars[...]
    while left, scalars.first?.properties.isWhitespace == true { scalars.removeFirst() }
    while right, scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
    return Array(String(scalars).utf8)
  }

  /// Composes a text unless a quick look shows that it is composed already.
  ///
  /// Foundation has the only public normalizer; it costs a few times more than the rest of encoding,
  /// and most text has nothing to compose.
  private static func compose(_ text: inout [UInt8]) {
    if text.withUnsafeBufferPointer(isComposed) { return }
    text = Array(String(decoding: text, as: UTF8.self).precomposedStringWithCanonicalMapping.utf8)
  }

  /// Whether every scalar lies in a block that composition leaves alone, whatever stands beside it.
  private static func isComposed(_ text: UTF8Text.Bytes) -> Bool {
    var position = 0
    while position < text.count {
      if text[position] < 0x80 {
        position += 1
        continue
      }
      let (value, length) = UTF8Text.scalar(in: text, at: position)
      switch value {
      // Latin, spacing modifiers; the combining marks start at U+0300.
      case 0x80..<0x300: break
      // Cyrillic up to its combining marks.
      case 0x400..<0x483: break
      // Dashes, quotes and other general punctuation; quads and spaces before it have singletons.
      case 0x2010..<0x2060: break
      // CJK punctuation but the combining marks, kana but the voiced-sound marks.
      case 0x3000..<0x302A, 0x3041..<0x3097, 0x309B..<0x3400: break
      // Ideographs and Hangul syllables; trailing jamo are elsewhere.
      case 0x3400..<0xA000, 0xAC00..<0xD7A4: break
      // Emoji.
      case 0x1F300..<0x20000: break
      default: return false
      }
      position += length
    }
    return true
  }
}
