import ZorBAAudit
import ZorBADiagnostics
package import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization

/// What a run's journal says, and whether it is whole.
package struct JournalFacts: Sendable {
  /// SHA-256 of the header's payload: the specification that people approve and policies name.
  package private(set) var specification: String
  package private(set) var base: String
  package private(set) var configuration: JSONValue
  /// The header, as sites are told it.
  package private(set) var header: [UInt8]
  package private(set) var rounds: [(round: Int, chain: String)] = []
  /// Rounds in which each client took part, by its number from 1.
  package private(set) var participation: [Int: Int] = [:]
  package private(set) var plans: [(firstRound: Int, digest: String)] = []
  /// Why the run ended; nil while it can go on.
  package private(set) var end: String?
  /// The last digest of all weights; nil without one.
  package private(set) var state: String?
  package private(set) var chain: String
  /// What is wrong with the journal; nil when all of it was verified.
  package private(set) var fault: String?
  package private(set) var tornBytes = 0
  private let blockCount: Int

  /// Reads a journal as far as it is whole.
  ///
  /// - Throws: `ZorBAError` when not even its header can be read.
  package init(path: String) throws {
    let reader = try JournalReader(path: path)
    header = reader.header.encoded
    specification = Hexadecimal.digest(of: header)
    blockCount = reader.header.model.blocks.count
    base = "\(reader.header.base.state)"
    configuration = reader.header.configuration
    chain = "\(reader.chain)"
    do {
      while let entry = try reader.next() { take(entry) }
    } catch let error as ZorBAError {
      fault = error.message
    }
    tornBytes = reader.tornByteCount
  }

  private mutating func take(_ entry: JournalReader.Entry) {
    chain = "\(entry.chain)"
    switch entry.record {
    case .round(let round):
      rounds.append((Int(clamping: round.number), chain))
      for client in round.participants { participation[Int(client), default: 0] += 1 }
    case .dense(let round):
      rounds.append((Int(clamping: round.number), chain))
      for client in round.participants { participation[Int(client), default: 0] += 1 }
    case .denseChunk: if !rounds.isEmpty { rounds[rounds.count - 1].chain = chain }
    case .plan(let plan):
      plans.append(
        (Int(clamping: plan.firstRound), Hexadecimal.digest(of: entry.record.payload)))
    case .digest(let checkpoint):
      state = checkpoint.state(blockCount: blockCount).map { "\($0.state)" } ?? state
    case .branch(let branch): configuration = branch.configuration
    case .end(let marker): end = marker.reason
    case .ancillary: break
    }
  }

  package var json: JSONValue {
    [
      "specification": .string(specification), "base_model": .string(base),
      "rounds": .integer(rounds.count), "plans": .integer(plans.count),
      "end": end.map { .string($0) } ?? .null, "chain": .string(chain),
      "state_digest": state.map { .string($0) } ?? .null,
      "verified": .bool(fault == nil), "fault": fault.map { .string($0) } ?? .null,
      "torn_bytes": .integer(tornBytes),
    ]
  }
}
