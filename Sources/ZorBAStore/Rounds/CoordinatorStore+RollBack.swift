import GRDB

extension CoordinatorStore {
  /// Forgets what a run's journal does not have: after a crash between the store and the journal,
  /// or after a rollback.
  ///
  /// Rounds with their results, evaluations and snapshots behind `last` go, and no site is taken
  /// to be further than that; totals of sites stay, for the bytes were sent. One transaction.
  ///
  /// - Returns: The snapshots that went, whose folders the caller may remove.
  @discardableResult
  package func deleteRounds(after last: Int, ofRun run: String) throws -> [StoredSnapshot] {
    let last = try ValueChecks("round").count(last, "number")
    return try write { db in
      let run = try Self.knownRun(run, db)
      let snapshots = try Row.fetchAll(
        db, sql: "SELECT * FROM snapshot WHERE run_id = ? AND round > ? ORDER BY round",
        arguments: [run, last]
      ).map(StoredSnapshot.init)
      try db.execute(
        sql: "DELETE FROM round WHERE run_id = ? AND number > ?", arguments: [run, last])
      for table in ["evaluation", "snapshot"] {
        try db.execute(
          sql: "DELETE FROM \(table) WHERE run_id = ? AND round > ?", arguments: [run, last])
      }
      try db.execute(
        sql: "UPDATE site SET last_round = min(last_round, ?) WHERE run_id = ?",
        arguments: [last, run])
      return snapshots
    }
  }
}
