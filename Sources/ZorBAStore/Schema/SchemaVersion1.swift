import GRDB

/// The first schema. Released: never edit it.
///
/// Times are seconds since 1970. What refers to a run, a site or a round must find it; rounds take
/// their results with them when they go. Events refer by name, so that they outlive everything.
enum SchemaVersion1 {
  @Sendable static func apply(_ db: Database) throws {
    for statement in statements { try db.execute(sql: statement) }
  }

  private static let statements = [
    """
    CREATE TABLE schema_version (
      version INTEGER PRIMARY KEY,
      software TEXT NOT NULL,
      migrated_at REAL NOT NULL
    )
    """,
    """
    CREATE TABLE run (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      state TEXT NOT NULL,
      reason TEXT NOT NULL,
      folder TEXT NOT NULL,
      configuration TEXT NOT NULL,
      created_at REAL NOT NULL,
      operator_paused INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE site (
      id INTEGER PRIMARY KEY,
      run_id INTEGER NOT NULL REFERENCES run (id),
      name TEXT NOT NULL,
      number INTEGER NOT NULL,
      state TEXT NOT NULL,
      reason TEXT NOT NULL,
      examples INTEGER,
      costs TEXT,
      budget_bytes INTEGER,
      last_round INTEGER NOT NULL,
      seconds_per_round REAL,
      answers INTEGER NOT NULL,
      misses INTEGER NOT NULL,
      bytes_received INTEGER NOT NULL,
      bytes_sent INTEGER NOT NULL,
      last_seen REAL,
      UNIQUE (run_id, name),
      UNIQUE (run_id, number)
    )
    """,
    """
    CREATE TABLE round (
      run_id INTEGER NOT NULL REFERENCES run (id),
      number INTEGER NOT NULL,
      attempt INTEGER NOT NULL,
      seconds REAL NOT NULL,
      loss REAL NOT NULL,
      covered_blocks INTEGER NOT NULL,
      bytes_up INTEGER NOT NULL,
      bytes_down INTEGER NOT NULL,
      wire_received INTEGER NOT NULL,
      wire_sent INTEGER NOT NULL,
      metrics TEXT NOT NULL,
      committed_at REAL NOT NULL,
      PRIMARY KEY (run_id, number)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE result (
      run_id INTEGER NOT NULL,
      round INTEGER NOT NULL,
      site_id INTEGER NOT NULL REFERENCES site (id),
      scalars BLOB NOT NULL,
      examples INTEGER NOT NULL,
      loss REAL,
      seconds REAL NOT NULL,
      peak_memory_mib INTEGER,
      accepted INTEGER NOT NULL,
      reason TEXT NOT NULL,
      PRIMARY KEY (run_id, round, site_id),
      FOREIGN KEY (run_id, round) REFERENCES round (run_id, number) ON DELETE CASCADE
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE evaluation (
      id INTEGER PRIMARY KEY,
      run_id INTEGER NOT NULL REFERENCES run (id),
      round INTEGER NOT NULL,
      split TEXT NOT NULL,
      site_id INTEGER REFERENCES site (id),
      examples INTEGER NOT NULL,
      loss REAL NOT NULL,
      accuracy REAL,
      macro_f1 REAL
    )
    """,
    // NULLs are distinct to SQLite, and no site has number 0.
    """
    CREATE UNIQUE INDEX evaluation_place
      ON evaluation (run_id, round, split, ifnull(site_id, 0))
    """,
    """
    CREATE TABLE event (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      time REAL NOT NULL,
      run TEXT,
      site TEXT,
      round INTEGER,
      kind TEXT NOT NULL,
      text TEXT NOT NULL,
      detail TEXT
    )
    """,
    "CREATE INDEX event_run ON event (run)",
    """
    CREATE TABLE snapshot (
      run_id INTEGER NOT NULL REFERENCES run (id),
      round INTEGER NOT NULL,
      folder TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY (run_id, round)
    ) WITHOUT ROWID
    """,
  ]
}
