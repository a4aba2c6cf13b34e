import GRDB
import ZorBADiagnostics

extension CoordinatorStore {
  /// The rounds of a run from a number on, in order.
  ///
  /// - Parameter limit: At most so many, and never more than 1,000.
  package func rounds(
    ofRun run: String, from first: Int = 1, limit: Int = 1000
  ) throws -> [StoredRound] {
    try read { db in
      let run = try Self.knownRun(run, db)
      return try Row.fetchAll(
        db, sql: "SELECT * FROM round WHERE run_id = ? AND number >= ? ORDER BY number LIMIT ?",
        arguments: [run, first, min(max(limit, 0), 1000)]
      ).map(StoredRound.init)
    }
  }

  /// Calls `body` with every round of a run from a number on, in order, in memory for 100 of them.
  ///
  /// Rounds recorded meanwhile are seen, and `body` may use the store.
  package func forEachRound(
    ofRun run: String, from first: Int = 1, _ body: (StoredRound) throws -> Void
  ) throws {
    var next = first
    while true {
      let page = try rounds(ofRun: run, from: next, limit: 100)
      for round in page { try body(round) }
      guard let last = page.last, last.number < .max else { return }
      next = last.number + 1
    }
  }

  /// One round, or nil when it is not there.
  package func round(_ number: Int, ofRun run: String) throws -> StoredRound? {
    try read { db in try Self.round(number, Self.knownRun(run, db), db) }
  }

  /// The number of the last round; 0 when there is none.
  package func lastRound(ofRun run: String) throws -> Int {
    try read { db in try Self.lastRound(Self.knownRun(run, db), db) ?? 0 }
  }

  /// The results of a round by the names of their sites.
  package func results(ofRound number: Int, ofRun run: String) throws -> [StoredResult] {
    try read { db in try Self.results(number, Self.knownRun(run, db), db) }
  }

  /// The sums over all rounds of a run.
  package func totals(ofRun run: String) throws -> RoundTotals {
    try read { db in
      let run = try Self.knownRun(run, db)
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT count(*) AS rounds, total(seconds) AS seconds,
            ifnull(sum(bytes_up), 0) AS bytes_up, ifnull(sum(bytes_down), 0) AS bytes_down,
            ifnull(sum(wire_received), 0) AS wire_received, ifnull(sum(wire_sent), 0) AS wire_sent
          FROM round WHERE run_id = ?
          """, arguments: [run])
      return try row.map(RoundTotals.init) ?? RoundTotals()
    }
  }

  static func lastRound(_ run: Int64, _ db: Database) throws -> Int? {
    let row = try Row.fetchOne(
      db, sql: "SELECT number FROM round WHERE run_id = ? ORDER BY number DESC LIMIT 1",
      arguments: [run])
    return try row.map { try ColumnReader($0, "round").integer("number") }
  }

  static func round(_ number: Int, _ run: Int64, _ db: Database) throws -> StoredRound? {
    try Row.fetchOne(
      db, sql: "SELECT * FROM round WHERE run_id = ? AND number = ?", arguments: [run, number]
    ).map(StoredRound.init)
  }

  static func results(_ round: Int, _ run: Int64, _ db: Database) throws -> [StoredResult] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT result.*, site.name AS site FROM result JOIN site ON site.id = result.site_id
        WHERE result.run_id = ? AND result.round = ? ORDER BY site.name
        """, arguments: [run, round]
    ).map(StoredResult.init)
  }
}
