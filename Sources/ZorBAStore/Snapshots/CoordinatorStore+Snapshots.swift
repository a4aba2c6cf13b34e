import GRDB

extension CoordinatorStore {
  /// Notes a snapshot of a run, in place of one of the same round.
  package func add(_ snapshot: StoredSnapshot, ofRun run: String) throws {
    let snapshot = try snapshot.checked()
    try write { db in
      let run = try Self.knownRun(run, db)
      try db.execute(
        sql: """
          INSERT INTO snapshot (run_id, round, folder, bytes) VALUES (?, ?, ?, ?)
          ON CONFLICT (run_id, round)
            DO UPDATE SET folder = excluded.folder, bytes = excluded.bytes
          """, arguments: [run, snapshot.round, snapshot.folder, snapshot.bytes])
    }
  }

  /// The snapshots of a run by their round.
  package func snapshots(ofRun run: String) throws -> [StoredSnapshot] {
    try read { db in
      let run = try Self.knownRun(run, db)
      return try Row.fetchAll(
        db, sql: "SELECT * FROM snapshot WHERE run_id = ? ORDER BY round", arguments: [run]
      ).map(StoredSnapshot.init)
    }
  }

  /// Forgets a snapshot; its folder is the caller's to remove.
  ///
  /// - Returns: Whether there was one.
  @discardableResult
  package func removeSnapshot(ofRound round: Int, ofRun run: String) throws -> Bool {
    try write { db in
      let run = try Self.knownRun(run, db)
      try db.execute(
        sql: "DELETE FROM snapshot WHERE run_id = ? AND round = ?", arguments: [run, round])
      return db.changesCount > 0
    }
  }
}
