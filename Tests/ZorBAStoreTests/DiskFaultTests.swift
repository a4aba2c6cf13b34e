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

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A disk that is full or cannot be written is an error with advice, and nothing is lost by it.
@Suite struct DiskFaultTests {
  private func expectRefused(_ expected: String, _ body: () throws -> Void) {
    let error = #expect(throws: ZorBAError.self) { try body() }
    #expect(error?.code == .inputOutput)
    #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
    #expect(error?.location.file?.hasSuffix("coordinator.sqlite") == true)
    #expect(error?.advice != nil)
  }

  /// SQLite reports a file at its greatest length just as it does a full disk.
  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func fullDiskUndoesWholeTransactionAndStoreGoesOn(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    var random = RandomValues(seed: seed)
    try store.create(random.run("a"))
    let sites = (1...20).map { random.site($0) }
    try store.save(sites, ofRun: "a")
    var number = 0
    for _ in 0..<4 {
      // No page more than there is now; what is free within pages still serves.
      try store.execute(sql: "PRAGMA max_page_count = 1")
      var isFull = false
      while !isFull {
        let before = try StoreContents(store)
        var round = random.round(number + 1)
        round.metrics = #"{"padding": "\#(String(repeating: "x", count: 500))"}"#
        let results = try sites.map { try random.result($0.name) }
        do {
          try store.record(round, results: results, ofRun: "a")
          number += 1
        } catch {
          isFull = true
          expectRefused("no room") { try store.record(round, results: results, ofRun: "a") }
          #expect(try StoreContents(store) == before)
        }
      }
      #expect(try store.lastRound(ofRun: "a") == number)
      try store.execute(sql: "PRAGMA max_page_count = 1000000")
      number += 1
      try store.record(random.round(number), results: [], ofRun: "a")
    }
    try store.verify()
    try store.close()
    #expect(try folder.open().lastRound(ofRun: "a") == number)
  }

  @Test func readOnlyDiskIsAnErrorAndReadingGoesOn() throws {
    let folder = try TemporaryFolder()
    var modelled = ModelledStore(try folder.open(), seed: 3)
    for _ in 0..<40 { try modelled.step() }
    try modelled.store.execute(sql: "PRAGMA query_only = ON")
    let run = try #require(modelled.model.runs.first).run
    var random = RandomValues(seed: 4)
    expectRefused("cannot be written") { try modelled.store.create(random.run("another")) }
    expectRefused("cannot be written") {
      try modelled.store.record(random.round(1000), results: [], ofRun: run.name)
    }
    expectRefused("cannot be written") { try modelled.store.append([random.event("a")]) }
    #expect(try StoreContents(modelled.store) == modelled.model)
    try modelled.store.execute(sql: "PRAGMA query_only = OFF")
    for _ in 0..<40 { try modelled.step() }
    #expect(try StoreContents(modelled.store) == modelled.model)
  }

  /// The superuser may write everything, so this holds for others only.
  @Test(.enabled(if: geteuid() != 0, "needs a user who can be refused"))
  func fileAndFolderWithoutPermissionAreRefused() throws {
    let folder = try TemporaryFolder()
    try folder.open().close()
    #expect(chmod(folder.database, 0o400) == 0)
    expectRefused("cannot open the store") { _ = try folder.open() }
    #expect(chmod(folder.database, 0o600) == 0)
    folder.remove("coordinator.sqlite.lock")
    #expect(chmod(folder.path, 0o500) == 0)
    let error = #expect(throws: ZorBAError.self) { try folder.open() }
    #expect(error?.code == .inputOutput)
    #expect(chmod(folder.path, 0o700) == 0)
    #expect(try folder.open().runs().isEmpty)
  }

  /// Needs a file system of a few MiB, which only an administrator can make:
  /// `mount -t tmpfs -o size=4m none FOLDER`, and its path in `ZORBA_SMALL_DISK`.
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["ZORBA_SMALL_DISK"] != nil,
      "needs a small file system of its own, named in ZORBA_SMALL_DISK"))
  func smallDiskThatFillsUp() throws {
    let disk = try #require(ProcessInfo.processInfo.environment["ZORBA_SMALL_DISK"])
    let path = "\(disk)/state/coordinator.sqlite"
    let ballast = URL(filePath: "\(disk)/ballast")
    try Data(count: 1 << 20).write(to: ballast)
    let store = try CoordinatorStore.open(path: path, software: "1.2.3", time: 0)
    var events = 0
    func append() throws {
      let text = String(repeating: "x", count: 2000)
      try store.append((0..<10).map { _ in StoredEvent(time: 0, kind: "a", text: text) })
      events += 10
    }
    while events < 100_000, (try? append()) != nil {}
    #expect(events > 100 && events < 10_000)
    expectRefused("") { try append() }
    try FileManager.default.removeItem(at: ballast)
    let before = events
    try append()
    #expect(events == before + 10)
    try store.verify()
    try store.close()
    let reopened = try CoordinatorStore.open(path: path, software: "1.2.3", time: 0)
    #expect(try StoreContents(reopened).events.count == events)
    try reopened.close()
    try FileManager.default.removeItem(atPath: "\(disk)/state")
  }
}
