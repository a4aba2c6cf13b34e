/// Sequences laid end to end, one row per token, without padding.
struct PackedBatch: Sendable {
  /// One sequence's rows and how many of its tokens are in the cache already.
  struct Sequence: Sendable {
    let start: Int
    let count: Int
    let past: Int
  }

  let sequences: [Sequence]
  /// [rows]
  let tokens: [Int32]
  /// Position of each row inside its sequence: [rows]
  let positions: [Int32]

  /// - Parameter past: Tokens of the (then only) sequence that a cache holds.
  init(_ ragged: [[Int32]], past: Int = 0) {
    precondition(past == 0 || ragged.count == 1)
    var sequences: [Sequence] = []
    var tokens: [Int32] = []
    var positions: [Int32] = []
    tokens.reserveCapacity(ragged.reduce(0) { $0 + $1.count })
    positions.reserveCapacity(tokens.capacity)
    for sequence in ragged {
      sequences.append(Sequence(start: tokens.count, count: sequence.count, past: past))
      tokens.append(contentsOf: sequence)
      for place in sequence.indices { positions.append(Int32(past + place)) }
    }
    self.sequences = sequences
    self.tokens = tokens
    self.positions = positions
  }

  var rows: Int { tokens.count }
  /// Positions reached, exclusive.
  var positionCount: Int { sequences.reduce(0) { max($0, $1.past + $1.count) } }
}
