import ZorBADiagnostics
package import ZorBAOptimization

/// The payload of a round record, which is also what a commit is on the wire.
///
///     round          varint
///     flags          u8: 1 perClient, 2 decay, the rest 0
///     learning rate  binary64
///     H, P           varint each
///     decay          binary32, only with flag 2
///     participants   ascending, from 1
///     shared:        blocks ascending, from 0; kappa binary32 [blocks, H, P]
///     perClient:     for every participant: blocks ascending, from 0; kappa binary32 [blocks, H, P]
///
/// Equal rounds have equal bytes.
extension CommittedRound {
  private static let perClientFlag: UInt8 = 1
  private static let decayFlag: UInt8 = 2

  package var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(varint: number)
    bytes.append(
      (coefficients.seeding == .perClient ? Self.perClientFlag : 0)
        | (decay == 1 ? 0 : Self.decayFlag))
    bytes.append(littleEndian: learningRate.bitPattern)
    bytes.append(varint: steps)
    bytes.append(varint: directions)
    if decay != 1 { bytes.append(littleEndian: decay.bitPattern) }
    bytes.append(ascending: participants.lazy.map(Int.init), from: 1)
    switch coefficients {
    case .shared(let blocks): Self.append(blocks, to: &bytes)
    case .perClient(let clients):
      for client in clients { Self.append(client.blocks, to: &bytes) }
    }
    return bytes
  }

  private static func append(_ blocks: [BlockCoefficients], to bytes: inout [UInt8]) {
    bytes.append(ascending: blocks.lazy.map(\.block), from: 0)
    for block in blocks { bytes.append(floats: block.values) }
  }

  /// Decodes a payload.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` naming the part that is wrong.
  package init(encoded: [UInt8]) throws {
    var reader = ByteReader(encoded)
    let number = try reader.varint("the round")
    let flags = try reader.byte("the flags")
    guard flags & ~(Self.perClientFlag | Self.decayFlag) == 0 else {
      throw ByteReader.fault("flags \(flags) are unknown")
    }
    let learningRate = Double(bitPattern: try reader.uint64("the learning rate"))
    let steps = try reader.count("the steps", limit: Self.maximumExtent)
    let directions = try reader.count("the directions", limit: Self.maximumExtent)
    var decay: Float = 1
    if flags & Self.decayFlag != 0 {
      decay = Float(bitPattern: try reader.uint32("the decay"))
      guard decay != 1 else { throw ByteReader.fault("a decay of 1 is stored") }
    }
    let isShared = flags & Self.perClientFlag == 0
    // A client with coefficients of its own takes a byte at least.
    let participants = try reader.ascending(
      "the participants", from: 1, limit: 1 << 32,
      maximumCount: isShared
        ? Self.maximumParticipants : min(Self.maximumParticipants, reader.remaining)
    ).map { UInt32($0) }
    let coefficients: Coefficients
    if isShared {
      coefficients = .shared(try Self.blocks(&reader, values: steps * directions))
    } else {
      coefficients = .perClient(
        try participants.map {
          ClientCoefficients(
            client: $0, blocks: try Self.blocks(&reader, values: steps * directions))
        })
    }
    try reader.end()
    try self.init(
      number: number, learningRate: learningRate, directions: directions, steps: steps,
      decay: decay, participants: participants, coefficients: coefficients,
      code: .invalidJournal)
  }

  private static func blocks(
    _ reader: inout ByteReader, values: Int
  ) throws -> [BlockCoefficients] {
    let room = reader.remaining / (4 * max(values, 1))
    let blocks = try reader.ascending(
      "the blocks", from: 0, limit: blockLimit, maximumCount: min(room, blockLimit))
    return try blocks.map {
      BlockCoefficients(block: $0, values: try reader.floats(values, "the coefficients"))
    }
  }
}
