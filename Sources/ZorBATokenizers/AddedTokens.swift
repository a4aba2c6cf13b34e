/// A token that is cut out of the text before anything else happens to it.
struct AddedToken: Sendable, Equatable {
  var content: [UInt8]  // UTF-8
  var id: Int32
  /// Left out by `skippingSpecialTokens`.
  var isSpecial = true
  /// Whether the token swallows the white space before it.
  var stripsLeft = false
  /// Whether the token swallows the white space after it.
  var stripsRight = false
  /// Whether the token counts only where no word character touches it.
  var isSingleWord = false
  /// Whether it is looked for after normalization instead of before.
  var isNormalized = false
}

/// The added tokens of a tokenizer: those found in the raw text and those found after
/// normalization.
struct AddedTokens: Sendable {
  let raw: AddedTokenMatcher
  let normalized: AddedTokenMatcher
  private let special: [Bool]  // [greatest special id + 1]

  /// - Parameter normalizer: What turns the content of a normalized token into its pattern.
  init(_ tokens: [AddedToken], normalizer: Normalizer) {
    raw = AddedTokenMatcher(tokens.filter { !$0.isNormalized })
    normalized = AddedTokenMatcher(
      tokens.filter(\.isNormalized).map {
        var token = $0
        token.content = normalizer.apply(to: token.content)
        return token
      })
    let greatest = tokens.lazy.filter(\.isSpecial).map(\.id).max() ?? -1
    var special = [Bool](repeating: false, count: Int(greatest) + 1)
    for token in tokens where token.isSpecial { special[Int(token.id)] = true }
    self.special = special
  }

  func isSpecial(_ id: Int32) -> Bool { id >= 0 && Int(id) < special.count && special[Int(id)] }
}

/// Finds tokens in a text: the leftmost match, the longest of those.
struct AddedTokenMatcher: Sendable {
  /// A stretch of text between tokens, or a token.
  enum Segment {
    case text(Range<Int>)
    case token(Int32)
  }

  private let tokens: [AddedToken]  // Grouped by first byte, longest first.
  private let groups: [Range<Int>]  // [256] of `tokens`

  init(_ tokens: [AddedToken]) {
    var groups: [[AddedToken]] = Array(repeating: [], count: 256)
    for token in tokens {
      if let first = token.content.first { groups[Int(first)].append(token) }
    }
    var sorted: [AddedToken] = []
    var ranges: [Range<Int>] = []
    for group in groups {
      let start = sorted.count
      sorted += group.sorted { $0.content.count > $1.content.count }
      ranges.append(start..<sorted.count)
    }
    self.tokens = sorted
    self.groups = ranges
  }

  var isEmpty: Bool { tokens.isEmpty }

  /// Calls `body` with the segments of the text in order; no text segment is empty.
  func forEachSegment(in text: UTF8Text.Bytes, _ body: (Segment) -> Void) {
    var consumed = 0
    var position = 0
    while !tokens.isEmpty, position < text.count {
      guard let token = match(in: text, at: position) else {
        position += 1
        continue
      }
      var start = position
      var end = position + token.content.count
      position = end
      if token.isSingleWord, Self.touchesWord(start..<end, in: text) { continue }
      if token.stripsLeft { start = max(Self.skipSpacesBack(from: start, in: text), consumed) }
      if token.stripsRight { end = Self.skipSpaces(from: end, in: text) }
      if consumed < start { body(.text(consumed..<start)) }
      body(.token(token.id))
      consumed = end
      position = end
    }
    if consumed < text.count { body(.text(consumed..<text.count)) }
  }

  private func match(in text: UTF8Text.Bytes, at position: Int) -> AddedToken? {
    let group = groups[Int(text[position])]
    for index in group where Self.isPrefix(tokens[index].content, of: text, at: position) {
      return tokens[index]
    }
    return nil
  }

  @inline(__always)
  private static func isPrefix(_ bytes: [UInt8], of text: UTF8Text.Bytes, at start: Int) -> Bool {
    guard text.count - start >= bytes.count else { return false }
    for offset in 0..<bytes.count where text[start + offset] != bytes[offset] { return false }
    return true
  }

  private static func touchesWord(_ range: Range<Int>, in text: UTF8Text.Bytes) -> Bool {
    if range.lowerBound > 0 {
      let before = UTF8Text.start(ofScalarBefore: range.lowerBound, in: text)
      if isWord(UTF8Text.scalar(in: text, at: before).value) { return true }
    }
    return range.upperBound < text.count
      && isWord(UTF8Text.scalar(in: text, at: range.upperBound).value)
  }

  /// `\w` of UTS #18: alphabetic, marks, decimal numbers, connectors and joiners.
  private static func isWord(_ value: UInt32) -> Bool {
    guard let scalar = Unicode.Scalar(value) else { return false }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
      return true
    default: return scalar.properties.isAlphabetic || scalar.properties.isJoinControl
    }
  }

  private static func isSpace(_ value: UInt32) -> Bool {
    Unicode.Scalar(value)?.properties.isWhitespace ?? false
  }

  private static func skipSpaces(from start: Int, in text: UTF8Text.Bytes) -> Int {
    var position = start
    while position < text.count {
      let (value, length) = UTF8Text.scalar(in: text, at: position)
      guard isSpace(value) else { break }
      position += length
    }
    return position
  }

  private static func skipSpacesBack(from end: Int, in text: UTF8Text.Bytes) -> Int {
    var position = end
    while position > 0 {
      let before = UTF8Text.start(ofScalarBefore: position, in: text)
      guard isSpace(UTF8Text.scalar(in: text, at: before).value) else { break }
      position = before
    }
    return position
  }
}
