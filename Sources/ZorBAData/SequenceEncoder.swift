/// Token ids of texts and of what continues them.
struct SequenceEncoder: Sendable {
  /// A context and the continuations that follow it, as ids.
  struct Split: Equatable {
    var context: [Int32]
    var continuations: [[Int32]]
  }

  let encoder: any TextEncoder
  /// What the model expects in front of every text: its beginning-of-text token, or nothing.
  let start: [Int32]

  /// Asks the encoder whether it puts a beginning-of-text token first.
  ///
  /// Only that one is taken over: a token that post-processing appends would stand between a
  /// context and its continuation.
  init(_ encoder: any TextEncoder) {
    self.encoder = encoder
    let empty = encoder.encode("", addingSpecialTokens: true)
    start = if let first = empty.first, first == encoder.bosID { [first] } else { [] }
  }

  /// The ids of a text, beginning-of-text first.
  func encode(_ text: String) -> [Int32] {
    start + encoder.encode(text, addingSpecialTokens: false)
  }

  /// The ids of `prefix` and of each continuation as they are when written in one piece.
  ///
  /// Encoding a continuation alone would be wrong wherever an encoder marks the start of a text
  /// (SentencePiece's dummy space) or joins characters across the boundary. So prefix and
  /// continuation are encoded together, and what they share with the encoded prefix is the
  /// context. Where a token reaches across the boundary for some continuation, the context ends
  /// before it for all. When that leaves no context or no continuation, each part is encoded alone.
  ///
  /// - Returns: A split whose context and continuations may still be empty when the texts are.
  func split(prefix: String, continuations: [String]) -> Split {
    let base = encode(prefix)
    let whole = continuations.map { encode(prefix + $0) }
    let shared = whole.lazy.map { Self.commonPrefix(base, $0) }.min() ?? base.count
    if shared > 0 || base.isEmpty, whole.allSatisfy({ $0.count > shared }) {
      return Split(
        context: Array(base[..<shared]), continuations: whole.map { Array($0[shared...]) })
    }
    return Split(
      context: base,
      continuations: continuations.map { encoder.encode($0, addingSpecialTokens: false) })
  }

  private static func commonPrefix(_ left: [Int32], _ right: [Int32]) -> Int {
    var count = 0
    while count < left.count, count < right.count, left[count] == right[count] { count += 1 }
    return count
  }
}
