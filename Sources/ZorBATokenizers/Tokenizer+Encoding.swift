extension Tokenizer {
  /// Appends the ids of a text without the template.
  ///
  /// - Precondition: `text` is valid UTF-8.
  func encode(_ text: UTF8Text.Bytes, into ids: inout [Int32]) {
    addedTokens.raw.forEachSegment(in: text) { segment in
      switch segment {
      case .token(let id): ids.append(id)
      case .text(let range):
        let piece = UTF8Text.Bytes(rebasing: text[range])
        let isFirst = range.lowerBound == 0
        if normalizer.steps.isEmpty {
          encodeNormalized(piece, isFirst: isFirst, into: &ids)
        } else {
          normalizer.apply(to: Array(piece), isStart: isFirst).withUnsafeBufferPointer {
            encodeNormalized($0, isFirst: isFirst, into: &ids)
          }
        }
      }
    }
  }

  private func encodeNormalized(
    _ text: UTF8Text.Bytes, isFirst: Bool, into ids: inout [Int32]
  ) {
    if addedTokens.normalized.isEmpty { return encodeWords(of: text, isFirst: isFirst, into: &ids) }
    addedTokens.normalized.forEachSegment(in: text) { segment in
      switch segment {
      case .token(let id): ids.append(id)
      case .text(let range):
        let piece = UTF8Text.Bytes(rebasing: text[range])
        encodeWords(of: piece, isFirst: isFirst && range.lowerBound == 0, into: &ids)
      }
    }
  }

  private func encodeWords(of text: UTF8Text.Bytes, isFirst: Bool, into ids: inout [Int32]) {
    switch model {
    case .byteLevel(let algorithm):
      // The plain case of every family is worth a loop without indirection.
      if preTokenizer.steps.count == 1, case .split(let pattern) = preTokenizer.steps[0] {
        SplitScanner.forEachMatch(of: pattern, in: text) { algorithm.encode($0, into: &ids) }
      } else {
        preTokenizer.forEachWord(in: text, isFirst: isFirst) { algorithm.encode($0, into: &ids) }
      }
    case .sentencePiece(let algorithm):
      preTokenizer.forEachWord(in: text, isFirst: isFirst) { algorithm.encode($0, into: &ids) }
    case .wordPiece(let algorithm):
      preTokenizer.forEachWord(in: text, isFirst: isFirst) { algorithm.encode($0, into: &ids) }
    }
  }
}
