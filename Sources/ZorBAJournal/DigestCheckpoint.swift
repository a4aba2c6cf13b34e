import ZorBADiagnostics
package import ZorBAOptimization

/// What some blocks' weights hash to after a round, so that replicas can be compared.
///
/// On a rolling schedule each checkpoint covers a few blocks; one over all blocks fixes the state.
package struct DigestCheckpoint: Hashable, Sendable {
  /// The digest of one block.
  package struct Entry: Hashable, Sendable {
    package let block: Int
    package let digest: Digest128

    package init(block: Int, digest: Digest128) {
      self.block = block
      self.digest = digest
    }
  }

  /// The last committed round when the digests were taken; 0 for the base model.
  package let round: UInt64
  /// By ascending block.
  package let entries: [Entry]

  package init(round: UInt64, entries: [Entry]) {
    self.round = round
    self.entries = entries
  }

  /// A checkpoint of every block.
  package init(round: UInt64, state: StateDigest) {
    self.init(
      round: round,
      entries: state.blocks.enumerated().map { Entry(block: $0, digest: $1) })
  }

  /// What keeps this checkpoint from being stored, as a clause.
  var violation: String? {
    let blocks = entries.map(\.block)
    guard zip(blocks, blocks.dropFirst()).allSatisfy({ $0 < $1 }), blocks.allSatisfy({ $0 >= 0 })
    else { return "the checkpoint's blocks do not ascend" }
    return blocks.isEmpty ? "the checkpoint covers no block" : nil
  }

  /// The state digest, when all `blockCount` blocks are covered.
  package func state(blockCount: Int) -> StateDigest? {
    guard entries.map(\.block) == Array(0..<blockCount) else { return nil }
    return StateDigest(blocks: entries.map(\.digest))
  }
}

// MARK: - Payload

/// round varint; blocks ascending from 0; 16 bytes for every block.
extension DigestCheckpoint {
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(varint: round)
    bytes.append(ascending: entries.lazy.map(\.block), from: 0)
    for entry in entries { bytes.append(contentsOf: entry.digest.bytes) }
    return bytes
  }

  init(encoded: [UInt8]) throws {
    var reader = ByteReader(encoded)
    round = try reader.varint("the round")
    let blocks = try reader.ascending(
      "the blocks", from: 0, limit: CommittedRound.blockLimit,
      maximumCount: min(reader.remaining / Digest128.byteCount, CommittedRound.blockLimit))
    entries = try blocks.map {
      Entry(
        block: $0,
        digest: Digest128(prefixOf: try reader.take(Digest128.byteCount, "the digests")))
    }
    try reader.end()
  }
}
