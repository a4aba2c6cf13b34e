import GRDB

/// The third schema: where a run that was asked for goes on from another one, so that nothing of it
/// is copied before it is approved.
enum SchemaVersion3 {
  @Sendable static func apply(_ db: Database) throws { try db.execute(sql: branches) }

  private static let branches = """
    CREATE TABLE branch (
      run TEXT NOT NULL PRIMARY KEY REFERENCES request (run) ON DELETE CASCADE,
      source TEXT NOT NULL,
      round INTEGER NOT NULL,
      chain TEXT NOT NULL
    ) WITHOUT ROWID
    """
}
