import ZorBADiagnostics
package import ZorBAOptimization

/// A committed round that changes every element of some blocks: what first-order methods commit.
///
/// In binary32, for every element of the listed blocks,
///
///     w = w + d
///
/// The changes d follow in `DenseChunk`s; the round is committed with the last of them.
package struct DenseRound: Hashable, Sendable {
  /// Counted from 1.
  package let number: UInt64
  /// eta of the clients' steps, for audits.
  package let learningRate: Double
  package let encoding: DenseEncoding
  /// The clients whose answers were used, ascending.
  package let participants: [UInt32]
  /// The blocks that change, ascending.
  package let blocks: [Int]
  /// Of the changes (`DenseDelta.digest`).
  package let digest: Digest128

  package init(
    number: UInt64, learningRate: Double, encoding: DenseEncoding, participants: [UInt32],
    blocks: [Int], digest: Digest128
  ) {
    self.number = number
    self.learningRate = learningRate
    self.encoding = encoding
    self.participants = participants
    self.blocks = blocks
    self.digest = digest
  }

  /// What keeps it from being stored, as a clause.
  var violation: String? {
    func ascend(_ numbers: [Int], from first: Int, below limit: Int) -> Bool {
      zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }
        && numbers.allSatisfy { $0 >= first && $0 < limit }
    }
    if number == 0 { return "rounds are numbered from 1" }
    if !learningRate.isFinite || learningRate < 0 {
      return "learning rate \(learningRate) is not a finite number from 0 up"
    }
    if participants.count > CommittedRound.maximumParticipants
      || !ascend(participants.map(Int.init), from: 1, below: 1 << 32)
    {
      return "the participants do not ascend"
    }
    if blocks.isEmpty { return "the round changes no block" }
    if !ascend(blocks, from: 0, below: CommittedRound.blockLimit) {
      return "the blocks do not ascend"
    }
    return nil
  }
}

/// A part of a dense round's changes: bytes index · 1 MiB and on, 1 MiB of them but for the last.
package struct DenseChunk: Hashable, Sendable {
  package let round: UInt64
  /// From 0.
  package let index: Int
  package let bytes: [UInt8]

  /// Bytes of every chunk but the last of a round.
  package static let byteCount = 1 << 20

  package init(round: UInt64, index: Int, bytes: [UInt8]) {
    self.round = round
    self.index = index
    self.bytes = bytes
  }
}

// MARK: - Payloads

/// round varint; learning rate binary64; encoding u8; participants ascending from 1; blocks ascending
/// from 0; digest, 16 bytes.
extension DenseRound {
  package var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(varint: number)
    bytes.append(littleEndian: learningRate.bitPattern)
    bytes.append(encoding.code)
    bytes.append(ascending: participants.lazy.map(Int.init), from: 1)
    bytes.append(ascending: blocks, from: 0)
    bytes.append(contentsOf: digest.bytes)
    return bytes
  }

  /// - Throws: `ZorBAError` with code `invalidJournal` naming the part that is wrong.
  package init(encoded: [UInt8]) throws {
    var reader = ByteReader(encoded)
    number = try reader.varint("the round")
    learningRate = Double(bitPattern: try reader.uint64("the learning rate"))
    let code = try reader.byte("the encoding")
    guard let encoding = DenseEncoding(code: code) else {
      throw ByteReader.fault("the encoding \(code) is unknown")
    }
    self.encoding = encoding
    participants = try reader.ascending(
      "the participants", from: 1, limit: 1 << 32,
      maximumCount: CommittedRound.maximumParticipants
    ).map { UInt32($0) }
    blocks = try reader.ascending(
      "the blocks", from: 0, limit: CommittedRound.blockLimit,
      maximumCount: CommittedRound.blockLimit)
    digest = Digest128(prefixOf: try reader.take(Digest128.byteCount, "the digest"))
    try reader.end()
    if let violation { throw ByteReader.fault(violation) }
  }
}

/// round varint; index varint; bytes, 1 to 1 MiB.
extension DenseChunk {
  var encoded: [UInt8] {
    var encoded = Self.prefix(round: round, index: index)
    encoded.append(contentsOf: bytes)
    return encoded
  }

  private static func prefix(round: UInt64, index: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(varint: round)
    bytes.append(varint: index)
    return bytes
  }

  init(encoded: [UInt8]) throws {
    var reader = ByteReader(encoded)
    round = try reader.varint("the round")
    index = try reader.count("the index", limit: 1 << 40)
    guard (1...Self.byteCount).contains(reader.remaining) else {
      throw ByteReader.fault("a chunk has \(reader.remaining) bytes")
    }
    bytes = Array(reader.rest())
  }

  /// Payload bytes of all chunks of a round, and how many there are.
  static func payloads(round: UInt64, byteCount: Int) -> (count: Int, bytes: Int) {
    let count = (byteCount + Self.byteCount - 1) / Self.byteCount
    var bytes = byteCount
    for index in 0..<count { bytes += prefix(round: round, index: index).count }
    return (count, bytes)
  }
}
