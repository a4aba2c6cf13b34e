import Crypto

/// The directions that all steps of a run are drawn from (FedKSeed, Qin et al. 2023).
///
/// Whatever a run did is then one coefficient for each of them: so many numbers take the base model
/// to any round, however many rounds there were.
///
/// Seed j of the pool is the first 8 bytes, little endian, of HMAC-SHA256 under the run key of
/// "zorba/1/pool" | j u32. A step that would explore the direction of seed s explores number
/// floor(s K / 2^64) of the pool instead.
package struct SeedPool: Hashable, Sendable {
  /// K.
  package let count: Int

  /// Larger pools are no use: a run does not draw so often.
  package static let counts = 1...1 << 20

  /// Nil unless `count` is in `counts`.
  package init?(count: Int) {
    guard Self.counts.contains(count) else { return nil }
    self.count = count
  }

  /// The place in the pool that a step's own seed draws, from 0.
  package func place(drawn seed: UInt64) -> Int {
    Int(seed.multipliedFullWidth(by: UInt64(count)).high)
  }

  /// The seed at a place.
  package func seed(_ place: Int, runKey: RunKey) -> UInt64 {
    var message = Array("zorba/1/pool".utf8)
    message.append(littleEndian: UInt32(place))
    let code = HMAC<SHA256>.authenticationCode(
      for: message, using: SymmetricKey(data: runKey.bytes))
    return code.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Bytes that take the base model to any round: a binary32 coefficient for every seed.
  package var downloadByteCount: Int { 4 * count }
}

/// What rounds come to, as a coefficient for every seed of the pool: the model as FedKSeed sends it.
///
/// Summed in binary64. Applied to the base model it gives the weights of the journal but for rounding,
/// which the journal's rounds, applied one after the other, fix to the bit.
package struct PoolCoefficients: Sendable {
  /// [blocks][seeds]
  package private(set) var blocks: [[Double]]
  private let schedule: DirectionSchedule
  private let pool: SeedPool

  /// Nil for a schedule without a pool.
  package init?(schedule: DirectionSchedule, blockCount: Int) {
    guard let pool = schedule.pool else { return nil }
    self.pool = pool
    self.schedule = schedule
    blocks = [[Double]](
      repeating: [Double](repeating: 0, count: pool.count), count: blockCount)
  }

  /// Adds a round; blocks that are not there are left out.
  package mutating func add(_ round: CommittedRound) {
    let clients: [CommittedRound.ClientCoefficients] =
      switch round.coefficients {
      case .shared(let blocks): [.init(client: 0, blocks: blocks)]
      case .perClient(let clients): clients
      }
    for client in clients {
      let places = (0..<round.steps).flatMap { step in
        (0..<round.directions).map { index in
          pool.place(
            drawn: schedule.runKey.seed(
              round: round.number, step: UInt32(step), direction: UInt32(index),
              client: client.client))
        }
      }
      for block in client.blocks where blocks.indices.contains(block.block) {
        for (place, value) in zip(places, block.values) {
          blocks[block.block][place] += Double(value)
        }
      }
    }
  }
}
