/// The regular expressions that byte-level models cut text with before merging, as scanners.
///
/// Each scanner returns exactly the matches of its expression. A general engine would be the
/// slowest part of encoding, and only these few expressions occur.
enum SplitPattern: Sendable, Equatable {
  /// GPT-2 and OPT.
  case gpt2
  /// The cl100k expression with at most `digits` digits a word: 3 for Llama 3, 1 for Qwen.
  case cl100k(digits: Int)

  static let gpt2Expression =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+"#
    + #"| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  static let llama3Expression =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+"#
    + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  static let qwen2Expression =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+"#
    + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// Recognises an expression as it stands in `tokenizer.json`; nil for any other.
  init?(expression: String) {
    switch expression {
    case Self.gpt2Expression: self = .gpt2
    case Self.llama3Expression: self = .cl100k(digits: 3)
    case Self.qwen2Expression: self = .cl100k(digits: 1)
    default: return nil
    }
  }
}

/// Walks over a text and finds where each match of a pattern ends.
///
/// The matches cover the text: every expression ends in alternatives that match any character.
struct SplitScanner {
  private let text: UTF8Text.Bytes
  private let classes: UnsafeBufferPointer<UInt8>

  private static let letter = ScalarClass.letter.rawValue
  private static let number = ScalarClass.number.rawValue
  private static let space = ScalarClass.space.rawValue
  private static let other = ScalarClass.other.rawValue
  private static let end: UInt8 = 0xFF

  private init(text: UTF8Text.Bytes, classes: UnsafeBufferPointer<UInt8>) {
    self.text = text
    self.classes = classes
  }

  /// Calls `body` with every match in order.
  ///
  /// - Precondition: `text` is valid UTF-8.
  @inline(__always)
  static func forEachMatch(
    of pattern: SplitPattern, in text: UTF8Text.Bytes, _ body: (UTF8Text.Bytes) -> Void
  ) {
    ScalarClass.table.withUnsafeBufferPointer { classes in
      let scanner = SplitScanner(text: text, classes: classes)
      var start = 0
      while start < text.count {
        let end =
          switch pattern {
          case .gpt2: scanner.gpt2(from: start)
          case .cl100k(let digits): scanner.cl100k(from: start, digits: digits)
          }
        body(UTF8Text.Bytes(rebasing: text[start..<end]))
        start = end
      }
    }
  }

  /// The class of the scalar at a position and the position after it; `end` behind the text.
  @inline(__always)
  private func look(_ position: Int) -> (kind: UInt8, next: Int) {
    guard position < text.count else { return (Self.end, position) }
    let (value, length) = UTF8Text.scalar(in: text, at: position)
    let kind = Int(value) < classes.count ? classes[Int(value)] : Self.other
    return (kind, position + length)
  }

  @inline(__always)
  private func run(of kind: UInt8, from start: Int) -> Int {
    var position = start
    while true {
      let (found, next) = look(position)
      if found != kind { return position }
      position = next
    }
  }

  private func isByte(_ byte: UInt8, at position: Int) -> Bool {
    position < text.count && text[position] == byte
  }

  @inline(__always)
  private func isLineBreak(_ position: Int) -> Bool {
    isByte(0x0A, at: position) || isByte(0x0D, at: position)
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  private func gpt2(from start: Int) -> Int {
    if text[start] == UInt8(ascii: "'"), let end = contraction(from: start, foldingCase: false) {
      return end
    }
    var first = look(start)
    if text[start] == UInt8(ascii: " ") {
      let second = look(first.next)
      if second.kind != Self.space, second.kind != Self.end { first = second }
    }
    if first.kind == Self.space { return spaces(from: start) }
    return run(of: first.kind, from: first.next)
  }

  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}`
  /// `| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
  private func cl100k(from start: Int, digits: Int) -> Int {
    if text[start] == UInt8(ascii: "'"), let end = contraction(from: start, foldingCase: true) {
      return end
    }
    let first = look(start)
    if first.kind == Self.letter { return run(of: Self.letter, from: first.next) }
    if first.kind == Self.number {
      var end = first.next
      for _ in 1..<digits {
        let (kind, next) = look(end)
        guard kind == Self.number else { break }
        end = next
      }
      return end
    }
    let second = look(first.next)
    if second.kind == Self.letter, !isLineBreak(start) {
      return run(of: Self.letter, from: second.next)
    }
    if first.kind == Self.other { return symbols(from: first.next) }
    if text[start] == UInt8(ascii: " "), second.kind == Self.other {
      return symbols(from: second.next)
    }
    return spaces(from: start, throughLastLineBreak: true)
  }

  /// The rest of `[^\s\p{L}\p{N}]+[\r\n]*`.
  private func symbols(from start: Int) -> Int {
    var position = run(of: Self.other, from: start)
    while isLineBreak(position) { position += 1 }
    return position
  }

  /// `\s*[\r\n]+` if asked for, then `\s+(?!\S)|\s+`.
  ///
  /// The lookahead gives back the last space of a run that is followed by something else, unless
  /// the run is that one space.
  private func spaces(from start: Int, throughLastLineBreak: Bool = false) -> Int {
    var end = start
    var last = start
    var afterLineBreak = start
    while true {
      let (kind, next) = look(end)
      guard kind == Self.space else { break }
      if throughLastLineBreak, isLineBreak(end) { afterLineBreak = next }
      last = end
      end = next
    }
    if afterLineBreak > start { return afterLineBreak }
    return end < text.count && last > start ? last : end
  }

  private func contraction(from start: Int, foldingCase: Bool) -> Int? {
    guard start + 1 < text.count else { return nil }
    let fold: UInt8 = foldingCase ? 0x20 : 0
    // U+017F, the long s, folds to s.
    if foldingCase, text[start + 1] == 0xC5, isByte(0xBF, at: start + 2) { return start + 3 }
    let first = text[start + 1] | (text[start + 1] < 0x80 ? fold : 0)
    switch first {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
      return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"), UInt8(ascii: "l"):
      guard start + 2 < text.count, text[start + 2] < 0x80 else { return nil }
      let expected = first == UInt8(ascii: "l") ? first : UInt8(ascii: "e")
      return text[start + 2] | fold == expected ? start + 3 : nil
    default: return nil
    }
  }
}
