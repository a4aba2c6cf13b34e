import GRDB
import Testing
import ZorBADiagnostics
@testable import ZorBAStore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A store that any released version made opens with this one, whole.
@Suite struct MigrationTests {
  /// `v1.sql`, `v2.sql` … beside the tests, oldest first.
  private static let fixtures: [Int] = {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
    return (names ?? []).filter { $0.hasPrefix("v") && $0.hasSuffix(".sql") }
      .compactMap { Int($0.dropFirst().dropLast(4)) }.sorted()
  }()

  private static let folder =
    "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Fixtures"

  /// A database as the version of a fixture left it.
  private func restore(_ version: Int) throws -> TemporaryFolder {
    let data = try Data(contentsOf: URL(filePath: "\(Self.folder)/v\(version).sql"))
    let folder = try TemporaryFolder()
    try folder.edit(String(decoding: data, as: UTF8.self))
    return folder
  }

  /// The schema without what SQLite adds, as text.
  private func schema(_ folder: TemporaryFolder) throws -> [String] {
    let queue = try DatabaseQueue(path: folder.database)
    return try queue.read { db in
      try String.fetchAll(
        db, sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name")
    }
  }

  @Test func everyVersionHasFixture() {
    #expect(Self.fixtures == Array(1...SchemaVersions.newest))
  }

  @Test(arguments: fixtures)
  func contentsSurviveMigration(version: Int) throws {
    let folder = try restore(version)
    let store = try folder.open()
    #expect(try StoreContents(store) == SampleStore.contents())
    try store.verify()
    let versions = try store.read { db in
      try Int.fetchAll(db, sql: "SELECT version FROM schema_version ORDER BY version")
    }
    #expect(versions == Array(1...SchemaVersions.newest))
    // It goes on as any other store does.
    try store.append([StoredEvent(time: 0, kind: "a", text: "b")])
    #expect(try store.events(limit: 1).first?.id == 3)
    try store.close()
    #expect(try folder.open().events().count == 3)
  }

  /// Fails when somebody edits a released version rather than adding one.
  @Test func schemaIsThatOfNewestFixture() throws {
    let folder = try TemporaryFolder()
    try folder.open().close()
    #expect(try schema(folder) == schema(restore(SchemaVersions.newest)))
  }

  @Test(arguments: fixtures)
  func migratedSchemaIsThatOfNewStore(version: Int) throws {
    let migrated = try restore(version)
    try migrated.open().close()
    let new = try TemporaryFolder()
    try new.open().close()
    #expect(try schema(migrated) == schema(new))
  }

  /// Makes a fixture; see Fixtures/README.md.
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["ZORBA_SAMPLE_STORE"] != nil,
      "set ZORBA_SAMPLE_STORE to a path to get the fixture"))
  func writesSampleStore() throws {
    let path = try #require(ProcessInfo.processInfo.environment["ZORBA_SAMPLE_STORE"])
    let store = try CoordinatorStore.open(path: path, software: "0.1.0", time: 1_700_000_000)
    try SampleStore.fill(store)
    try store.close()
  }
}
