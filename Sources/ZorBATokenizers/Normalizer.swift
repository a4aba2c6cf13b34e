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
    /// What BERT does.
    case bert(BertNormalizer)
    /// What a SentencePiece model asks for.
    case sentencePiece(SentencePieceNormalizer)
  }

  var steps: [Step] = []

  /// Applies every step to valid UTF-8; the result is valid UTF-8.
  ///
  /// - Parameter isStart: Whether nothing stands before the text.
  func apply(to text: [UInt8], isStart: Bool = true) -> [UInt8] {
    var text = text
    for step in steps {
      switch step {
      case .composed: text = CanonicalComposition.apply(to: text)
      case .prepend(let prefix): if !text.isEmpty { text.insert(contentsOf: prefix, at: 0) }
      case .replace(let pattern, let replacement):
        text = Self.replace(pattern, in: text, with: replacement)
      case .strip(let left, let right): text = Self.strip(text, left: left, right: right)
      case .bert(let normalizer): text = normalizer.apply(to: text)
      case .sentencePiece(let normalizer): text = normalizer.apply(to: text, isStart: isStart)
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
}
