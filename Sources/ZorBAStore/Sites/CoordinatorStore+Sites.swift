import GRDB
import ZorBADiagnostics

extension CoordinatorStore {
  /// Adds sites to a run, or replaces what is known of them, in one transaction.
  ///
  /// - Throws: `ZorBAError` `invalidConfiguration` when a site would change its number or take
  ///   another's.
  package func save(_ sites: [StoredSite], ofRun run: String) throws {
    let sites = try sites.map { try $0.checked() }
    try write { db in
      let run = try Self.knownRun(run, db)
      let insertion = try db.makeStatement(sql: Self.saveSite)
      for site in sites {
        try Self.admit(site, run, db)
        let activity = site.activity
        try insertion.execute(arguments: [
          run, site.name, site.number, site.state.rawValue, site.reason, site.examples, site.costs,
          site.budgetBytes, activity.lastRound, activity.secondsPerRound, activity.answers,
          activity.misses, activity.bytesReceived, activity.bytesSent, activity.lastSeen,
        ])
      }
    }
  }

  /// The sites of a run by their number.
  package func sites(ofRun run: String) throws -> [StoredSite] {
    try read { db in
      let run = try Self.knownRun(run, db)
      return try Row.fetchAll(
        db, sql: "SELECT * FROM site WHERE run_id = ? ORDER BY number", arguments: [run]
      ).map(StoredSite.init)
    }
  }

  /// One site of a run, or nil when it is not of the run.
  package func site(named name: String, ofRun run: String) throws -> StoredSite? {
    try read { db in
      let run = try Self.knownRun(run, db)
      return try Row.fetchOne(
        db, sql: "SELECT * FROM site WHERE run_id = ? AND name = ?", arguments: [run, name]
      ).map(StoredSite.init)
    }
  }

  /// Notes how a site stands to a run and why.
  package func setState(
    _ state: StoredSite.State, reason: String, ofSite name: String, ofRun run: String
  ) throws {
    let reason = ValueChecks("site").prose(reason)
    try write { db in
      let site = try Self.knownSite(name, Self.knownRun(run, db), run, db)
      try db.execute(
        sql: "UPDATE site SET state = ?, reason = ? WHERE id = ?",
        arguments: [state.rawValue, reason, site])
    }
  }

  /// Replaces the activity of some sites, by their names, in one transaction.
  package func update(_ activities: [String: SiteActivity], ofRun run: String) throws {
    let activities = try activities.mapValues { try $0.checked() }
    try write { db in
      let row = try Self.knownRun(run, db)
      let update = try db.makeStatement(
        sql: """
          UPDATE site SET last_round = ?, seconds_per_round = ?, answers = ?, misses = ?,
            bytes_received = ?, bytes_sent = ?, last_seen = ?
          WHERE run_id = ? AND name = ?
          """)
      for (name, activity) in activities {
        try update.execute(arguments: [
          activity.lastRound, activity.secondsPerRound, activity.answers, activity.misses,
          activity.bytesReceived, activity.bytesSent, activity.lastSeen, row, name,
        ])
        guard db.changesCount == 1 else { throw Self.unknownSite(name, run) }
      }
    }
  }

  /// The number of a site's row.
  ///
  /// - Throws: `ZorBAError` `invalidConfiguration` when the run has no such site.
  static func knownSite(
    _ name: String, _ run: Int64, _ runName: String, _ db: Database
  ) throws -> Int64 {
    let site = try Int64.fetchOne(
      db, sql: "SELECT id FROM site WHERE run_id = ? AND name = ?", arguments: [run, name])
    guard let site else { throw unknownSite(name, runName) }
    return site
  }

  static func unknownSite(_ name: String, _ run: String) -> ZorBAError {
    ZorBAError(
      .invalidConfiguration, "the run '\(run.excerpt())' has no site '\(name.excerpt())'",
      at: .init(field: "site"), advice: "Sites come from federation.sites of the run file.")
  }

  /// Journals know sites by their number; it must not come to mean another one.
  private static func admit(_ site: StoredSite, _ run: Int64, _ db: Database) throws {
    let others = try Row.fetchAll(
      db, sql: "SELECT * FROM site WHERE run_id = ? AND (name = ?) <> (number = ?)",
      arguments: [run, site.name, site.number])
    guard let other = try others.first.map(StoredSite.init) else { return }
    throw ZorBAError(
      .invalidConfiguration,
      "'\(site.name)' cannot be site \(site.number): '\(other.name)' is site \(other.number)",
      at: .init(field: "number"), advice: "A site keeps its number for the life of a run.")
  }

  private static let saveSite = """
    INSERT INTO site (
      run_id, name, number, state, reason, examples, costs, budget_bytes, last_round,
      seconds_per_round, answers, misses, bytes_received, bytes_sent, last_seen)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (run_id, name) DO UPDATE SET
      state = excluded.state, reason = excluded.reason, examples = excluded.examples,
      costs = excluded.costs, budget_bytes = excluded.budget_bytes,
      last_round = excluded.last_round, seconds_per_round = excluded.seconds_per_round,
      answers = excluded.answers, misses = excluded.misses,
      bytes_received = excluded.bytes_received, bytes_sent = excluded.bytes_sent,
      last_seen = excluded.last_seen
    """
}
