/// How tokens become text again.
///
/// What can be done a token at a time is done once, at loading; a `Run` does what depends on the
/// neighbours.
struct Decoder: Sendable {
  /// What a token contributes.
  enum Rule: Sendable, Equatable {
    /// Characters of the byte alphabet become bytes (`ByteLevel`).
    case byteLevel
    /// Text is replaced, one pair after the other (`Replace`).
    case replacing([Replacement])
    /// The character becomes a space, and nothing in the first token (`Metaspace`).
    case metaspace([UInt8], dropsFirst: Bool)
    /// A token joins the one before it where it bears the mark, else follows after a space
    /// (`WordPiece`).
    case wordPiece([UInt8], cleansUp: Bool)
  }

  /// One `Replace` step.
  struct Replacement: Sendable, Equatable {
    var pattern: [UInt8]
    var content: [UInt8]
  }

  /// How neighbouring `<0xNN>` tokens become text.
  enum ByteRuns: Sendable, Equatable {
    /// They are ordinary tokens.
    case none
    /// A run that is not valid as a whole becomes one U+FFFD a byte (`ByteFallback`).
    case whole
    /// Every byte that belongs to no valid character becomes U+FFFD (SentencePiece).
    case byCharacter
  }

  /// What is removed at the start of the text.
  enum LeadingStrip: Sendable, Equatable {
    /// Up to so many of a character (`Strip` after `Fuse`).
    case characters([UInt8], count: Int)
    /// The space that a token's mark became, of the first token that has text; with `everyToken`, of
    /// every token until there is text (SentencePiece).
    case mark([UInt8], everyToken: Bool)
  }

  var rule: Rule
  var byteRuns = ByteRuns.none
  var leadingStrip: LeadingStrip?
  /// What stands between tokens: a space when a file names no decoder.
  var separator: [UInt8] = []
  private var starts: [UInt32] = [0]  // [vocabulary + 1]
  private var bytes: [UInt8] = []
  private var byteValues: [Int16]  // [vocabulary], -1 for what is no byte token

  /// Prepares the decoder for a vocabulary.
  ///
  /// - Parameter overrides: What certain ids decode to instead of their spelling.
  init(
    rule: Rule, byteRuns: ByteRuns = .none, leadingStrip: LeadingStrip? = nil,
    separator: [UInt8] = [], vocabulary: Vocabulary, overrides: [Int32: [UInt8]] = [:]
  ) {
    self.rule = rule
    self.byteRuns = byteRuns
    self.leadingStrip = leadingStrip
    self.separator = separator
    byteValues = [Int16](repeating: -1, count: vocabulary.count)
    starts.reserveCapacity(vocabulary.count + 1)
    for id in 0..<Int32(truncatingIfNeeded: vocabulary.count) {
      let spelling = Array(vocabulary.spelling(of: id))
      if byteRuns != .none, let byte = Self.byteValue(of: spelling) {
        byteValues[Int(id)] = Int16(byte)
      }
      bytes.append(contentsOf: overrides[id] ?? rule.text(of: spelling))
      starts.append(UInt32(truncatingIfNeeded: bytes.count))
    }
  }

  /// The value of a byte token, `<0x0A>`.
  static func byteValue(of spelling: [UInt8]) -> UInt8? {
    guard spelling.count == 6, spelling.starts(with: "<0x".utf8), spelling[5] == UInt8(ascii: ">")
    else { return nil }
    let digits = String(decoding: spelling[3..<5], as: UTF8.self)
    guard digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else {
      return nil
    }
    return UInt8(digits, radix: 16)
  }

  fileprivate func text(of id: Int32) -> ArraySlice<UInt8> {
    bytes[Int(starts[Int(id)])..<Int(starts[Int(id) + 1])]
  }

  fileprivate func byteValue(of id: Int32) -> UInt8? {
    let value = byteValues[Int(id)]
    return value < 0 ? nil : UInt8(truncatingIfNeeded: value)
  }
}

extension Decoder.Rule {
  fileprivate func text(of spelling: [UInt8]) -> [UInt8] {
    switch self {
    case .byteLevel:
      return spelling.withUnsafeBufferPointer { ByteAlphabet.decode($0) } ?? spelling
    case .replacing(let replacements):
      return replacements.reduce(spelling) {
        Normalizer.replace($1.pattern, in: $0, with: $1.content)
      }
    case .metaspace(let mark, _):
      return Normalizer.replace(mark, in: spelling, with: [UInt8(ascii: " ")])
    case .wordPiece(let mark, let cleansUp):
      let joined =
        spelling.starts(with: mark)
        ? Array(spelling.dropFirst(mark.count)) : [UInt8(ascii: " ")] + spelling
      return cleansUp ? Self.cleaned(joined) : joined
    }
  }

  /// Takes out the spaces that cutting around punctuation left, as the reference does, token by token.
  fileprivate static func cleaned(_ text: [UInt8]) -> [UInt8] {
    [
      (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
      (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ].reduce(text) { Normalizer.replace(Array($1.0.utf8), in: $0, with: Array($1.1.utf8)) }
  }
}

extension Decoder {
  /// The decoding of one text.
  struct Run: Sendable {
    private let decoder: Decoder
    private var byteRun: [UInt8] = []
    private var isFirst = true
    private var remainingStrips: Int

    init(_ decoder: Decoder) {
      self.decoder = decoder
      remainingStrips =
        switch decoder.leadingStrip {
        case .characters(_, let count): count
        case .mark: 1
        case nil: 0
        }
    }

    /// Decodes one more id.
    ///
    /// - Parameter streaming: Whether bytes go out at once, for a caller that repairs them itself.
    mutating func append(
      _ id: Int32, from vocabulary: Vocabulary, to output: inout [UInt8], streaming: Bool = false
    ) {
      guard vocabulary.contains(id) else { return }
      if !isFirst { output += decoder.separator }
      if let byte = decoder.byteValue(of: id) {
        isFirst = false
        if streaming { emit([byte], to: &output) } else { byteRun.append(byte) }
        return
      }
      flush(to: &output)
      if isFirst, case .metaspace(let mark, dropsFirst: true) = decoder.rule {
        output += Normalizer.replace(mark, in: Array(vocabulary.spelling(of: id)), with: [])
      } else if isFirst, case .wordPiece(_, let cleansUp) = decoder.rule {
        let spelling = Array(vocabulary.spelling(of: id))
        emit((cleansUp ? Decoder.Rule.cleaned(spelling) : spelling)[...], to: &output)
      } else {
        var text = decoder.text(of: id)
        if remainingStrips > 0, case .mark(let mark, let everyToken) = decoder.leadingStrip,
          vocabulary.spelling(of: id).starts(with: mark)
        {
          text = text.dropFirst()
          if !everyToken { remainingStrips = 0 }
        }
        emit(text, to: &output)
      }
      isFirst = false
    }

    /// Ends the text.
    mutating func finish(to output: inout [UInt8]) { flush(to: &output) }

    private mutating func flush(to output: inout [UInt8]) {
      if byteRun.isEmpty { return }
      let run = byteRun
      byteRun.removeAll(keepingCapacity: true)
      if String(validating: run, as: UTF8.self) != nil { return emit(run[...], to: &output) }
      var repaired: [UInt8] = []
      var position = 0
      while position < run.count {
        let length = decoder.byteRuns == .byCharacter ? Self.characterLength(run[position...]) : 0
        if length > 0 {
          repaired += run[position..<position + length]
        } else {
          repaired += "\u{FFFD}".utf8
        }
        position += max(length, 1)
      }
      emit(repaired[...], to: &output)
    }

    /// The length of the valid character at the start, or 0.
    private static func characterLength(_ bytes: ArraySlice<UInt8>) -> Int {
      for length in 1...4 where length <= bytes.count {
        if String(validating: bytes.prefix(length), as: UTF8.self) != nil { return length }
      }
      return 0
    }

    private mutating func emit(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) {
      var text = text
      if case .characters(let character, _) = decoder.leadingStrip {
        while remainingStrips > 0, text.starts(with: character) {
          text = text.dropFirst(character.count)
          remainingStrips -= 1
        }
      }
      if !text.isEmpty { remainingStrips = 0 }
      output += text
    }
  }
}
