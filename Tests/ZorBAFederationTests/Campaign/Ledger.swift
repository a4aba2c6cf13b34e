/// One record of a simulated journal, with the state of everything after it.
///
/// Weights are a hash chain of rounds and who counted in them, so weights that went another way by
/// one answer differ for ever.
struct Entry: Equatable, Sendable {
  enum Kind: Equatable, Sendable {
    case round(Int, counted: [Int])
    case plan(firstRound: Int, members: [Int])
    case digest(UInt64)
    case end
  }

  static let base = Entry(index: -1, kind: .end, chain: 7, weights: 11, round: 0, plan: 0)

  var index: Int
  var kind: Kind
  var chain: UInt64
  /// The right weights after it.
  var weights: UInt64
  /// The last round up to it.
  var round: Int
  /// Names the plan in force after it.
  var plan: Int

  var isRound: Bool { if case .round = kind { true } else { false } }

  static func mix(_ words: UInt64...) -> UInt64 {
    var state: UInt64 = 0x243F_6A88_85A3_08D3
    for word in words {
      state = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
      state ^= state >> 29
    }
    return state
  }

  static func moved(_ weights: UInt64, round: Int, counted: [Int]) -> UInt64 {
    counted.reduce(mix(weights, UInt64(round))) { mix($0, UInt64($1)) }
  }

  /// The chain value of a record after another; what the wire and the disk can check.
  static func chain(_ kind: Kind, after chain: UInt64) -> UInt64 {
    switch kind {
    case .round(let round, let counted):
      counted.reduce(mix(chain, 1, UInt64(round))) { mix($0, UInt64($1)) }
    case .plan(let first, let members):
      members.reduce(mix(chain, 2, UInt64(first))) { mix($0, UInt64($1)) }
    case .digest(let digest): mix(chain, 3, digest)
    case .end: mix(chain, 4)
    }
  }

  func next(_ kind: Kind) -> Entry {
    var entry = self
    entry.index += 1
    entry.kind = kind
    entry.chain = Entry.chain(kind, after: chain)
    switch kind {
    case .round(let round, let counted):
      entry.round = round
      entry.weights = Entry.moved(weights, round: round, counted: counted)
    case .plan: entry.plan = Int(entry.chain & 0xFFFFF) + 1
    case .digest, .end: break
    }
    return entry
  }
}

extension [Entry] {
  var tail: Entry { last ?? .base }
}
