import GRDB
import ZorBADiagnostics

/// What a coordinator remembers of its runs, sites, rounds and results, in one SQLite file.
///
/// The store serves questions and restarts; the truth about a model stays the journal of its run.
/// A function that writes returns when the disk has confirmed the change, and makes either all of
/// it or none. Reads see the last confirmed state and never wait for a write. All functions may be
/// called from any thread; they block it for as long as the disk takes.
///
/// Every error is a `ZorBAError`: `inputOutput` for the disk, `invalidData` for a damaged file or a
/// value that cannot be, `invalidConfiguration` for a name that is unknown or taken, `refused` for
/// a file that is in use or newer than this version. After an error nothing has changed, and the
/// store remains usable.
package final class CoordinatorStore: Sendable {
  /// The file as the caller named it; nil in memory.
  package let path: String?
  private let database: any DatabaseWriter
  private let lock: StoreLock?

  private init(path: String?, database: any DatabaseWriter, lock: StoreLock?) {
    self.path = path
    self.database = database
    self.lock = lock
  }

  deinit { try? Self.close(database) }

  /// Opens or creates a store and brings its schema up to date.
  ///
  /// The folder is made if it is missing, for its owner alone, and so is the file. Beside the file
  /// lie SQLite's `-wal` and `-shm`, and `.lock`, which keeps a second process out.
  ///
  /// - Parameters:
  ///   - software: The version of ZorBA, noted beside each schema version it brings about.
  ///   - time: Now, in seconds since 1970, for the same note.
  package static func open(path: String, software: String, time: Double) throws -> CoordinatorStore
  {
    let software = try ValueChecks("schema_version").text(software, "software", limit: 64)
    let time = try ValueChecks("schema_version").finite(time, "migrated_at")
    try StoreFile.prepare(path)
    let lock = try StoreLock(path: path)
    return try StoreFault.naming(path) {
      try SchemaVersions.admit(path)
      let pool = try DatabasePool(path: path, configuration: configuration)
      // GRDB chose NORMAL, with which a confirmed transaction can be lost to a power cut.
      try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      try SchemaVersions.migrator(software: software, time: time).migrate(pool)
      return CoordinatorStore(path: path, database: pool, lock: lock)
    }
  }

  /// A store that is gone with its last reference, for tests.
  package static func inMemory() throws -> CoordinatorStore {
    try StoreFault.naming(nil) {
      let queue = try DatabaseQueue(configuration: configuration)
      try SchemaVersions.migrator(software: "memory", time: 0).migrate(queue)
      return CoordinatorStore(path: nil, database: queue, lock: nil)
    }
  }

  /// Folds the write-ahead log into the file and lets the next process in; later calls fail.
  package func close() throws {
    try StoreFault.naming(path) { try Self.close(database) }
    lock?.release()
  }

  /// The connections that read go first: only the one that writes can fold the log in, and SQLite
  /// leaves that to whichever is closed last.
  private static func close(_ database: any DatabaseWriter) throws {
    (database as? DatabasePool)?.releaseMemory()
    try database.close()
  }

  /// Reads every page and follows every reference; takes about as long as reading the file.
  ///
  /// - Throws: `ZorBAError` with the first damage found.
  package func verify() throws {
    let finding = try read { db in
      if let damage = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)"), damage != "ok" {
        return damage as String?
      }
      return try Row.fetchOne(db, sql: "PRAGMA foreign_key_check") == nil
        ? nil : "a row refers to another that is missing"
    }
    if let finding { throw StoreFault.damage(path, finding) }
  }

  /// Runs `body` on one consistent state.
  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try StoreFault.naming(path) { try database.read(body) }
  }

  /// Runs `body` as one durable transaction, undone if it throws.
  @discardableResult
  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try StoreFault.naming(path) { try database.write(body) }
  }

  /// Runs a pragma or statement on the connection that writes, outside transactions; tests use it
  /// to fill the disk.
  func execute(sql: String) throws {
    try StoreFault.naming(path) {
      try database.writeWithoutTransaction { try $0.execute(sql: sql) }
    }
  }

  private static var configuration: Configuration {
    var configuration = Configuration()
    configuration.label = "ZorBAStore"
    configuration.foreignKeysEnabled = true
    // Others may look at the file, with sqlite3 or a backup program.
    configuration.busyMode = .timeout(10)
    configuration.prepareDatabase { db in
      // A damaged or planted file is found out rather than obeyed.
      try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
    }
    return configuration
  }
}
