import GRDB
import Testing
import ZorBADiagnostics
@testable import ZorBAStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Which files are opened, how, and which are refused untouched.
@Suite struct OpeningTests {
  private func mode(_ path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
  }

  @Test func filesAreForOwnerAlone() throws {
    let folder = try TemporaryFolder()
    let state = "\(folder.path)/a/b"
    let path = "\(state)/coordinator.sqlite"
    let store = try CoordinatorStore.open(path: path, software: "1", time: 0)
    #expect(mode("\(folder.path)/a") == 0o700)
    #expect(mode(state) == 0o700)
    for suffix in ["", "-wal", "-shm", ".lock"] { #expect(mode(path + suffix) == 0o600) }
    // Reading opens connections of its own; they must not keep the log from being folded in.
    #expect(try store.runs().isEmpty)
    try store.append([StoredEvent(time: 0, kind: "a", text: "b")])
    try store.close()
    for suffix in ["-wal", "-shm"] { #expect(mode(path + suffix) == nil) }
    try store.close()
  }

  @Test func connectionIsDurableAndStrict() throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let pragmas = try store.write { db in
      try ["journal_mode", "synchronous", "foreign_keys", "busy_timeout", "trusted_schema"].map {
        try String.fetchOne(db, sql: "PRAGMA \($0)")
      }
    }
    #expect(pragmas == ["wal", "2", "1", "10000", "0"])
  }

  @Test func secondOpenerIsRefusedUntilFirstEnds() throws {
    let folder = try TemporaryFolder()
    let first = try folder.open()
    let error = #expect(throws: ZorBAError.self) { try folder.open() }
    #expect(error?.code == .refused)
    #expect(error?.message == "process \(getpid()) has this store open")
    try first.close()
    var second: CoordinatorStore? = try folder.open()
    #expect(second != nil)
    #expect(throws: ZorBAError.self) { try first.runs() }
    // Without close, too.
    second = nil
    _ = try folder.open()
  }

  @Test(arguments: [false, true])
  func newerSchemaIsRefusedUntouched(closed: Bool) throws {
    let made = try TemporaryFolder()
    var store: CoordinatorStore? = try made.open()
    try store?.create(StoredRun(name: "a", folder: "f", configuration: "", createdAt: 0))
    try store?.execute(sql: "INSERT INTO grdb_migrations VALUES ('coordinator-v7')")
    try store?.execute(sql: "INSERT INTO schema_version VALUES (7, '4.5.6', 0)")
    if closed { try store?.close() }
    // A copy, since the store is open in one of the cases, with its log beside it.
    let folder = try TemporaryFolder()
    try folder.write(try made.read())
    if !closed {
      try folder.write(try made.read("coordinator.sqlite-wal"), to: "coordinator.sqlite-wal")
    }
    store = nil
    let before = try folder.read()
    let log = closed ? nil : try folder.read("coordinator.sqlite-wal")
    let error = #expect(throws: ZorBAError.self) { try folder.open() }
    #expect(error?.code == .refused)
    #expect(error?.message.contains("schema 7, made by version 4.5.6 of ZorBA") == true)
    #expect(error?.advice?.hasPrefix("Use version 4.5.6 of ZorBA or a newer one.") == true)
    #expect(try folder.read() == before)
    if let log { #expect(try folder.read("coordinator.sqlite-wal") == log) }
  }

  @Test(arguments: [
    "CREATE TABLE album (id INTEGER PRIMARY KEY)",
    "CREATE TABLE grdb_migrations (identifier TEXT); INSERT INTO grdb_migrations VALUES ('v1')",
  ])
  func otherProgramsDatabaseIsRefusedUntouched(sql: String) throws {
    let folder = try TemporaryFolder()
    try folder.edit(sql)
    let before = try folder.read()
    let error = #expect(throws: ZorBAError.self) { try folder.open() }
    #expect(error?.code == .refused)
    #expect(try folder.read() == before)
  }

  @Test func otherFilesAreDamage() throws {
    let folder = try TemporaryFolder()
    for bytes in [Array("# not a database, though long enough to be one\n".utf8), [0], [1, 2, 3]] {
      try folder.write(Array(repeatElement(bytes, count: 100).joined()))
      let error = #expect(throws: ZorBAError.self) { try folder.open() }
      #expect(error?.code == .invalidData)
      #expect(error?.location.file == folder.database)
      #expect(error?.advice?.contains("journals of the runs are intact") == true)
    }
    #expect(throws: ZorBAError.self) {
      try CoordinatorStore.open(path: folder.path, software: "1", time: 0)
    }
    #expect(throws: ZorBAError.self) {
      try CoordinatorStore.open(path: "", software: "1", time: 0)
    }
    #expect(throws: ZorBAError.self) {
      try CoordinatorStore.open(path: "/dev/null", software: "1", time: 0)
    }
  }

  /// A process that died while it made the store left an empty file, or tables half made.
  @Test(arguments: ["", "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)"])
  func beginningOfStoreIsFinished(sql: String) throws {
    let folder = try TemporaryFolder()
    if sql.isEmpty { try folder.write([]) } else { try folder.edit(sql) }
    let store = try folder.open()
    #expect(try store.runs().isEmpty)
  }
}
