/// How a text is cut into the words that are merged on their own.
struct PreTokenizer: Sendable {
  /// One step; each is applied to every piece that the step before it made.
  enum Step: Sendable, Equatable {
    /// Cuts into the matches of an expression.
    case split(SplitPattern)
    /// Puts a space before a piece that starts with none (`ByteLevel.add_prefix_space`).
    case prefixSpace
    /// Cuts numbers off, whole or digit by digit.
    case digits(individually: Bool)
    /// Writes spaces as a visible character and cuts before each.
    case metaspace(Metaspace)
    /// Cuts at white space and around punctuation (BERT).
    case bert
  }

  /// The settings of the `Metaspace` step.
  struct Metaspace: Sendable, Equatable {
    /// Which pieces get the replacement in front unless they start with it.
    enum Prepend: Sendable, Equatable { case always, first, never }

    var replacement: [UInt8]  // One character in UTF-8.
    var prepend: Prepend
    var splits: Bool
  }

  var steps: [Step] = []

  /// Calls `body` with every word in order; none is empty.
  ///
  /// - Parameters:
  ///   - text: Valid UTF-8.
  ///   - isFirst: Whether the text stands at the start of what the caller encodes.
  func forEachWord(in text: UTF8Text.Bytes, isFirst: Bool, _ body: (UTF8Text.Bytes) -> Void) {
    run(0, on: text, isFirst: isFirst, body)
  }

  private func run(
    _ index: Int, on text: UTF8Text.Bytes, isFirst: Bool, _ body: (UTF8Text.Bytes) -> Void
  ) {
    if text.isEmpty { return }
    guard index < steps.count else { return body(text) }
    var isFirst = isFirst
    func next(_ piece: UTF8Text.Bytes) {
      run(index + 1, on: piece, isFirst: isFirst, body)
      isFirst = false
    }
    switch steps[index] {
    case .split(let pattern): SplitScanner.forEachMatch(of: pattern, in: text, next)
    case .prefixSpace:
      if text[0] == UInt8(ascii: " ") { return next(text) }
      ([UInt8(ascii: " ")] + text).withUnsafeBufferPointer(next)
    case .digits(let individually): Self.cutDigits(text, individually: individually, next)
    case .metaspace(let metaspace): Self.cut(text, by: metaspace, isFirst: isFirst, next)
    case .bert: Self.cutBert(text, next)
    }
  }

  /// Numbers are all of general category N; the reference follows the newest Unicode version here.
  private static func cutDigits(
    _ text: UTF8Text.Bytes, individually: Bool, _ body: (UTF8Text.Bytes) -> Void
  ) {
    var start = 0
    var position = 0
    var startsNumber = false
    while position < text.count {
      let (value, length) = UTF8Text.scalar(in: text, at: position)
      let isNumber = Unicode.Scalar(value).map { isNumeric($0) } ?? false
      if position > start, isNumber != startsNumber || (isNumber && individually) {
        body(UTF8Text.Bytes(rebasing: text[start..<position]))
        start = position
      }
      startsNumber = isNumber
      position += length
    }
    body(UTF8Text.Bytes(rebasing: text[start...]))
  }

  private static func isNumeric(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: true
    default: false
    }
  }

  private static func cut(
    _ text: UTF8Text.Bytes, by metaspace: Metaspace, isFirst: Bool,
    _ body: (UTF8Text.Bytes) -> Void
  ) {
    let mark = metaspace.replacement
    var marked: [UInt8] = []
    marked.reserveCapacity(text.count * 2)
    let prepends =
      switch metaspace.prepend {
      case .always: true
      case .first: isFirst
      case .never: false
      }
    if prepends, text[0] != UInt8(ascii: " "), !text.starts(with: mark) { marked += mark }
    for byte in text {
      if byte == UInt8(ascii: " ") { marked += mark } else { marked.append(byte) }
    }
    marked.withUnsafeBufferPointer { marked in
      guard metaspace.splits else { return body(marked) }
      var start = 0
      for position in 1..<max(1, marked.count) where marked[position] == mark[0] {
        guard UTF8Text.Bytes(rebasing: marked[position...]).starts(with: mark) else { continue }
        body(UTF8Text.Bytes(rebasing: marked[start..<position]))
        start = position
      }
      body(UTF8Text.Bytes(rebasing: marked[start...]))
    }
  }
}
