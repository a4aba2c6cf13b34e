import GRDB
import ZorBADiagnostics

// Runs are never deleted: their names stand in journals, certificates' logs and events.
extension CoordinatorStore {
  /// Adds a run.
  ///
  /// - Throws: `ZorBAError` `invalidConfiguration` when the name is taken.
  package func create(_ run: StoredRun) throws {
    let run = try run.checked()
    try write { db in
      guard try Self.identifier(ofRun: run.name, db) == nil else {
        throw ZorBAError(
          .invalidConfiguration, "there is a run '\(run.name)' already", at: .init(field: "name"),
          advice: "Choose another name; runs keep theirs for good.")
      }
      try db.execute(
        sql: """
          INSERT INTO run (name, state, reason, folder, configuration, created_at, operator_paused)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          run.name, run.state.rawValue, run.reason, run.folder, run.configuration, run.createdAt,
          run.operatorPaused,
        ])
    }
  }

  /// The run of this name, or nil when there is none.
  package func run(named name: String) throws -> StoredRun? {
    try read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM run WHERE name = ?", arguments: [name])
        .map(StoredRun.init)
    }
  }

  /// All runs, in the order in which they were created.
  package func runs() throws -> [StoredRun] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM run ORDER BY id").map(StoredRun.init)
    }
  }

  /// Notes where a run stands and why.
  package func setState(_ state: StoredRun.State, reason: String, ofRun name: String) throws {
    let reason = ValueChecks("run").prose(reason)
    try write { db in
      let run = try Self.knownRun(name, db)
      try db.execute(
        sql: "UPDATE run SET state = ?, reason = ? WHERE id = ?",
        arguments: [state.rawValue, reason, run])
    }
  }

  /// Notes whether an operator wants the run to pause.
  package func setOperatorPaused(_ paused: Bool, ofRun name: String) throws {
    try write { db in
      let run = try Self.knownRun(name, db)
      try db.execute(
        sql: "UPDATE run SET operator_paused = ? WHERE id = ?", arguments: [paused, run])
    }
  }

  /// The number of a run's row.
  ///
  /// - Throws: `ZorBAError` `invalidConfiguration` when there is no such run.
  static func knownRun(_ name: String, _ db: Database) throws -> Int64 {
    guard let run = try identifier(ofRun: name, db) else {
      throw ZorBAError(
        .invalidConfiguration, "there is no run '\(name.excerpt())'", at: .init(field: "run"),
        advice: "List the runs to see their names.")
    }
    return run
  }

  private static func identifier(ofRun name: String, _ db: Database) throws -> Int64? {
    try Int64.fetchOne(db, sql: "SELECT id FROM run WHERE name = ?", arguments: [name])
  }
}
