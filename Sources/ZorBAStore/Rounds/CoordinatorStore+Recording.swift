import GRDB
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension CoordinatorStore {
  /// Records a committed round with its results as one durable transaction.
  ///
  /// Rounds come in order; gaps are allowed, for a store that was rebuilt. A round that is there
  /// with the same content, its time of commit aside, is left as it is, so that a coordinator
  /// unsure of its last write may repeat it.
  ///
  /// - Returns: Whether the round is new.
  /// - Throws: `ZorBAError` `invalidConfiguration` when the run or a site is unknown, or when the
  ///   round is there with other content.
  @discardableResult
  package func record(
    _ round: StoredRound, results: [StoredResult], ofRun run: String
  ) throws -> Bool {
    let round = try round.checked()
    let results = try results.map { try $0.checked() }.sorted { $0.site < $1.site }
    for (result, next) in zip(results, results.dropFirst()) where result.site == next.site {
      throw ValueChecks("result").failure("site", "two results of '\(next.site)' in one round")
    }
    return try write { db in
      let row = try Self.knownRun(run, db)
      guard try Self.isNew(round, results, row, db) else { return false }
      try Self.insert(round, row, db)
      try Self.insert(results, round.number, row, run, db)
      return true
    }
  }

  private static func isNew(
    _ round: StoredRound, _ results: [StoredResult], _ run: Int64, _ db: Database
  ) throws -> Bool {
    guard let last = try lastRound(run, db), last >= round.number else { return true }
    guard var stored = try self.round(round.number, run, db) else {
      throw ZorBAError(
        .invalidConfiguration, "round \(round.number) comes after round \(last)",
        at: .init(field: "round.number"), advice: "Record rounds in the order of the journal.")
    }
    stored.committedAt = round.committedAt
    guard try stored == round && self.results(round.number, run, db) == results else {
      throw ZorBAError(
        .invalidConfiguration, "round \(round.number) is there with other content",
        at: .init(field: "round.number"),
        advice: "Delete the rounds that the journal does not have, then record it.")
    }
    return false
  }

  private static func insert(_ round: StoredRound, _ run: Int64, _ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO round (
          run_id, number, attempt, seconds, loss, covered_blocks, bytes_up, bytes_down,
          wire_received, wire_sent, metrics, committed_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        run, round.number, round.attempt, round.seconds, round.loss, round.coveredBlocks,
        round.bytesUp, round.bytesDown, round.wireReceived, round.wireSent, round.metrics,
        round.committedAt,
      ])
  }

  private static func insert(
    _ results: [StoredResult], _ round: Int, _ run: Int64, _ runName: String, _ db: Database
  ) throws {
    let insertion = try db.makeStatement(
      sql: """
        INSERT INTO result (
          run_id, round, site_id, scalars, examples, loss, seconds, peak_memory_mib, accepted,
          reason)
        SELECT ?, ?, id, ?, ?, ?, ?, ?, ?, ? FROM site WHERE run_id = ? AND name = ?
        """)
    for result in results {
      try insertion.execute(arguments: [
        run, round, Data(result.scalars.bytes), result.examples, result.loss, result.seconds,
        result.peakMemoryMiB, result.accepted, result.reason, run, result.site,
      ])
      guard db.changesCount == 1 else { throw unknownSite(result.site, runName) }
    }
  }
}
