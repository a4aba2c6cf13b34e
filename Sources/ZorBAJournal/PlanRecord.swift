import ZorBADiagnostics
import ZorBAOptimization

/// Which client trains which blocks, from some round on, until the next plan.
///
/// A plan is a cycle of matrices, each in force for a window of rounds: round t follows matrix
/// (t - firstRound) / window mod count. A client without a row rests while the matrix is in force.
package struct PlanRecord: Hashable, Sendable {
  /// The active blocks of one client, ascending.
  package struct Row: Hashable, Sendable {
    package let client: UInt32
    package let blocks: [Int]

    package init(client: UInt32, blocks: [Int]) {
      self.client = client
      self.blocks = blocks
    }
  }

  /// The first round that follows this plan.
  package let firstRound: UInt64
  /// Rounds that each matrix stays in force, at least 1.
  package let window: UInt64
  /// At least one matrix; clients ascending from 1. [cycle][clients]
  package let cycle: [[Row]]

  /// The most active (client, block) pairs a plan may list, over its whole cycle.
  package static let maximumPairs = 1 << 20
  /// The most rounds that a matrix may stay in force: no run has more.
  package static let maximumWindow: UInt64 = 1 << 32

  package init(firstRound: UInt64, window: UInt64 = 1, cycle: [[Row]]) {
    self.firstRound = firstRound
    self.window = window
    self.cycle = cycle
  }

  /// The matrix that a round follows; nil before the plan begins.
  package func matrix(round: UInt64) -> [Row]? {
    guard round >= firstRound, !cycle.isEmpty, window > 0 else { return nil }
    return cycle[Int((round - firstRound) / window % UInt64(cycle.count))]
  }

  /// What keeps this plan from being stored, as a clause.
  var violation: String? {
    if firstRound == 0 { return "a plan begins at round 1 or later" }
    if cycle.isEmpty { return "a plan has at least one matrix" }
    if window == 0 || window > Self.maximumWindow {
      return "a matrix cannot stay in force for \(window) rounds"
    }
    var pairs = 0
    for rows in cycle {
      if zip(rows, rows.dropFirst()).contains(where: { $0.client >= $1.client }) {
        return "the plan's clients do not ascend"
      }
      for row in rows {
        let ascends = zip(row.blocks, row.blocks.dropFirst()).allSatisfy { $0 < $1 }
        guard row.client > 0, ascends,
          row.blocks.allSatisfy((0..<CommittedRound.blockLimit).contains)
        else { return "client \(row.client) has no ascending list of blocks" }
        pairs += row.blocks.count
      }
    }
    return pairs > Self.maximumPairs ? "the plan lists more than \(Self.maximumPairs) pairs" : nil
  }
}

// MARK: - Payload

/// firstRound varint; window varint, only in records of plans with windows; matrices varint; for
/// every matrix: clients ascending from 1, then for every client its blocks, ascending from 0.
///
/// A window of 1 has a record type of its own, without the field: the one that format 1 began with.
extension PlanRecord {
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(varint: firstRound)
    if window != 1 { bytes.append(varint: window) }
    bytes.append(varint: cycle.count)
    for rows in cycle {
      bytes.append(ascending: rows.lazy.map { Int($0.client) }, from: 1)
      for row in rows { bytes.append(ascending: row.blocks, from: 0) }
    }
    return bytes
  }

  init(encoded: [UInt8], hasWindow: Bool) throws {
    var reader = ByteReader(encoded)
    firstRound = try reader.varint("the first round")
    window = hasWindow ? try reader.varint("the window") : 1
    guard !hasWindow || window != 1 else { throw ByteReader.fault("a window of 1 is stored") }
    // A matrix takes a byte at least.
    let matrices = try reader.count("the matrices", limit: reader.remaining)
    var room = Self.maximumPairs
    cycle = try (0..<matrices).map { _ in
      let clients = try reader.ascending(
        "the clients", from: 1, limit: 1 << 32,
        // A row takes a byte at least.
        maximumCount: min(CommittedRound.maximumParticipants, reader.remaining))
      return try clients.map { client in
        let blocks = try reader.ascending(
          "the blocks", from: 0, limit: CommittedRound.blockLimit,
          maximumCount: min(room, CommittedRound.blockLimit))
        room -= blocks.count
        return Row(client: UInt32(client), blocks: blocks)
      }
    }
    try reader.end()
    if let violation { throw ByteReader.fault(violation) }
  }
}
