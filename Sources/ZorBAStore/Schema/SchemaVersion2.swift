import GRDB

/// The second schema: runs that wait for somebody's approval.
///
/// A request is of a run that has no row in `run` yet: it gets one when it begins. Approvals go with
/// the request that they are of, because they are of its digest.
enum SchemaVersion2 {
  @Sendable static func apply(_ db: Database) throws {
    for statement in statements { try db.execute(sql: statement) }
  }

  private static let statements = [
    """
    CREATE TABLE request (
      run TEXT NOT NULL PRIMARY KEY,
      digest TEXT NOT NULL,
      configuration TEXT NOT NULL,
      requested_by TEXT NOT NULL,
      requested_at REAL NOT NULL,
      required INTEGER NOT NULL,
      released_at REAL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE approval (
      run TEXT NOT NULL REFERENCES request (run) ON DELETE CASCADE,
      approver TEXT NOT NULL,
      approved_at REAL NOT NULL,
      PRIMARY KEY (run, approver)
    ) WITHOUT ROWID
    """,
  ]
}
