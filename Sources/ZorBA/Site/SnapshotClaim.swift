import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
package import ZorBAOptimization

/// What is said of a folder of weights: after which round of which journal they were taken, and what
/// they hash to.
///
/// Weights are believed only once they hash to this; that this is what the rounds lead to, only a
/// replica that replayed them knows.
package struct SnapshotClaim: Sendable, Hashable {
  /// From 1.
  package let round: Int
  /// The journal's chain value after the record of that round.
  package let chain: Digest128
  /// What every block hashes to.
  package let state: StateDigest

  package init(round: Int, chain: Digest128, state: StateDigest) {
    self.round = round
    self.chain = chain
    self.state = state
  }

  /// Whether a journal holds the rounds that the weights are said to come from.
  ///
  /// - Throws: As `JournalReader`.
  package func isOf(journalAt path: String) throws -> Bool {
    let reader = try JournalReader(path: path)
    while reader.lastRound < UInt64(round), let entry = try reader.next() {
      if case .round(let found) = entry.record, found.number == UInt64(round) {
        return entry.chain == chain
      }
      // A dense round ends with its last chunk.
      if case .denseChunk = entry.record, reader.lastRound == UInt64(round) {
        return entry.chain == chain
      }
    }
    return false
  }
}

extension SnapshotClaim {
  /// The claim as it lies beside the weights.
  var json: JSONValue {
    [
      "version": 1, "round": .integer(round), "chain": .string("\(chain)"),
      "blocks": .array(state.blocks.map { .string("\($0)") }),
    ]
  }

  /// Reads back what `json` wrote; nil for anything else.
  init?(json: JSONValue) {
    guard json["version"]?.integer == 1, let round = json["round"]?.integer, round > 0,
      let chain = json["chain"]?.string.flatMap(Digest128.init(hexadecimal:)),
      let texts = json["blocks"]?.array
    else { return nil }
    let blocks = texts.compactMap { $0.string.flatMap(Digest128.init(hexadecimal:)) }
    guard blocks.count == texts.count, !blocks.isEmpty else { return nil }
    self.init(round: round, chain: chain, state: StateDigest(blocks: blocks))
  }
}
