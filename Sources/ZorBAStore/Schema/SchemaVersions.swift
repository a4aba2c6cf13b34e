import GRDB
import ZorBADiagnostics

/// The versions of the schema, each a step from the one before.
///
/// A version that was released is never edited: its dump lies among the fixtures of the tests, and
/// the next change is a new file beside this one, a line in `steps`, and a new fixture.
enum SchemaVersions {
  private static let steps: [@Sendable (Database) throws -> Void] = [
    SchemaVersion1.apply, SchemaVersion2.apply, SchemaVersion3.apply,
  ]

  private static let prefix = "coordinator-v"

  /// The newest version this software knows, from 1.
  static var newest: Int { steps.count }

  static func migrator(software: String, time: Double) -> DatabaseMigrator {
    var migrator = DatabaseMigrator()
    for (version, step) in zip(1..., steps) {
      migrator.registerMigration("\(prefix)\(version)") { db in
        try step(db)
        try db.execute(
          sql: "INSERT INTO schema_version (version, software, migrated_at) VALUES (?, ?, ?)",
          arguments: [version, software, time])
      }
    }
    return migrator
  }

  /// Looks at a file, changing nothing, before anything is written to it.
  ///
  /// - Throws: `ZorBAError` `refused` when a newer version made it, or another program.
  static func admit(_ path: String) throws {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.read { db in
      let tables = try String.fetchAll(
        db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
      guard !tables.isEmpty else { return }
      guard tables.contains("grdb_migrations") else { throw foreign(path) }
      var version = 0
      for identifier in try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations") {
        guard identifier.hasPrefix(prefix), let number = Int(identifier.dropFirst(prefix.count))
        else { throw foreign(path) }
        version = max(version, number)
      }
      if version > newest { throw newer(path, version, by: try software(db, tables)) }
    }
    try queue.close()
  }

  private static func software(_ db: Database, _ tables: [String]) throws -> String? {
    guard tables.contains("schema_version") else { return nil }
    return try? String.fetchOne(
      db, sql: "SELECT software FROM schema_version ORDER BY version DESC LIMIT 1")
  }

  private static func newer(_ path: String, _ version: Int, by software: String?) -> ZorBAError {
    let maker = software.map { "version \($0.excerpt(limit: 64)) of ZorBA" }
    return ZorBAError(
      .refused,
      "this store has schema \(version), made by \(maker ?? "a newer version of ZorBA"); this "
        + "version knows schemas up to \(newest)", at: .init(file: path),
      advice: "Use \(maker ?? "that version") or a newer one. The file was not changed.")
  }

  private static func foreign(_ path: String) -> ZorBAError {
    ZorBAError(
      .refused, "this is another program's database", at: .init(file: path),
      advice: "Give the coordinator a state folder of its own. The file was not changed.")
  }
}
