import Synchronization
import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBATestSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct JournalWriterTests {
  /// A disk with room for so many bytes, which may be changed, and which may fail to confirm.
  private final class SmallDisk: Sendable {
    let room: Mutex<Int>
    let confirms = Mutex(true)

    init(room: Int) { self.room = Mutex(room) }

    var calls: JournalSystemCalls {
      JournalSystemCalls(
        write: { descriptor, bytes, offset in
          let end = self.room.withLock { $0 }
          let count = min(bytes.count, max(0, end - Int(offset)))
          guard count > 0 else {
            errno = ENOSPC
            return -1
          }
          return pwrite(descriptor, bytes.baseAddress, count, offset)
        },
        synchronize: { _ in
          guard self.confirms.withLock({ $0 }) else {
            errno = EIO
            return -1
          }
          return 0
        })
    }
  }

  private func round(_ number: UInt64, _ writer: JournalWriter) throws -> JournalRecord {
    var generator = SeededGenerator(seed: number)
    return .round(
      try SampleJournal.round(number: number, header: writer.header, using: &generator))
  }

  @Test func aFullDiskTakesBackTheRecordWherever() throws {
    var generator = SeededGenerator(seed: 100)
    let header = SampleJournal.header(using: &generator)
    let folder = try TemporaryFolder()
    let path = folder.path("run.zorba")
    let disk = SmallDisk(room: .max)
    let writer = try JournalWriter.create(at: path, header: header, calls: disk.calls)
    try writer.append(try round(1, writer))
    let before = try TemporaryFolder.read(path)
    for room in 0...60 {
      disk.room.withLock { $0 = before.count + room }
      let error = #expect(throws: ZorBAError.self) { try writer.append(try round(200, writer)) }
      #expect(error?.code == .inputOutput)
      #expect(error?.location.file == path)
      #expect(try TemporaryFolder.read(path) == before)
      #expect(writer.lastRound == 1)
      #expect(writer.byteCount == before.count)
    }
    disk.room.withLock { $0 = .max }
    try writer.append(try round(2, writer))
    #expect(try SampleJournal.read(path).entries.count == 2)
    #expect(writer.lastRound == 2)
  }

  @Test func aDiskTooSmallForTheHeaderLeavesNoFile() throws {
    var generator = SeededGenerator(seed: 101)
    let header = SampleJournal.header(using: &generator)
    let folder = try TemporaryFolder()
    let path = folder.path("run.zorba")
    let error = #expect(throws: ZorBAError.self) {
      try JournalWriter.create(at: path, header: header, calls: SmallDisk(room: 100).calls)
    }
    #expect(error?.code == .inputOutput)
    #expect(throws: ZorBAError.self) { try JournalReader(path: path) }
    _ = try JournalWriter.create(at: path, header: header)
  }

  @Test func aDiskThatDoesNotConfirmHoldsTheWriterUpAndNoLonger() throws {
    var generator = SeededGenerator(seed: 102)
    let header = SampleJournal.header(using: &generator)
    let folder = try TemporaryFolder()
    let path = folder.path("run.zorba")
    let disk = SmallDisk(room: .max)
    do {
      let writer = try JournalWriter.create(at: path, header: header, calls: disk.calls)
      try writer.append(try round(1, writer))
      disk.confirms.withLock { $0 = false }
      #expect(throws: ZorBAError.self) { try writer.append(try round(2, writer)) }
      let error = #expect(throws: ZorBAError.self) { try writer.append(try round(2, writer)) }
      #expect(error?.code == .inputOutput)
      #expect(writer.lastRound == 1)
      #expect(try SampleJournal.read(path).entries.count == 1)
      disk.confirms.withLock { $0 = true }
      try writer.append(try round(2, writer))
      #expect(writer.lastRound == 2)
    }
    let writer = try JournalWriter.resume(at: path)
    #expect(writer.discardedByteCount == 0)
    #expect(writer.lastRound == 2)
    try writer.append(try round(3, writer))
  }

  @Test func recordsThatWereNeverConfirmedEndTheWriter() throws {
    var generator = SeededGenerator(seed: 112)
    let header = SampleJournal.header(using: &generator)
    let folder = try TemporaryFolder()
    let disk = SmallDisk(room: .max)
    let writer = try JournalWriter.create(
      at: folder.path("run.zorba"), header: header, durability: .onRequest, calls: disk.calls)
    try writer.append(try round(1, writer))
    disk.confirms.withLock { $0 = false }
    #expect(throws: ZorBAError.self) { try writer.synchronize() }
    disk.confirms.withLock { $0 = true }
    #expect(throws: ZorBAError.self) { try writer.synchronize() }
    #expect(throws: ZorBAError.self) { try writer.append(try round(2, writer)) }
  }

  @Test func twoWritersAreRefusedAndReadersAreNot() throws {
    var generator = SeededGenerator(seed: 103)
    let header = SampleJournal.header(using: &generator)
    let folder = try TemporaryFolder()
    let path = folder.path("run.zorba")
    do {
      let writer = try JournalWriter.create(at: path, header: header)
      let error = #expect(throws: ZorBAError.self) { try JournalWriter.resume(at: path) }
      #expect(error?.code == .refused)
      try writer.append(try round(1, writer))
      #expect(try SampleJournal.read(path).entries.count == 1)
    }
    let writer = try JournalWriter.resume(at: path)
    #expect(throws: ZorBAError.self) { try JournalWriter.resume(at: path) }
    #expect(writer.lastRound == 1)
  }

  @Test func existingFilesAreNotOverwritten() throws {
    var generator = SeededGenerator(seed: 104)
    let header = SampleJournal.header(using: &generator)
    let folder = try TemporaryFolder()
    let path = try folder.write([1, 2, 3], to: "run.zorba")
    let error = #expect(throws: ZorBAError.self) {
      try JournalWriter.create(at: path, header: header)
    }
    #expect(error?.code == .invalidConfiguration)
    #expect(try TemporaryFolder.read(path) == [1, 2, 3])
  }

  @Test func recordsOutOfPlaceAreRefused() throws {
    var generator = SeededGenerator(seed: 105)
    let header = SampleJournal.header(blockCount: 3, using: &generator)
    let folder = try TemporaryFolder()
    let path = folder.path("run.zorba")
    let writer = try JournalWriter.create(at: path, header: header)
    try writer.append(try round(5, writer))
    let before = try TemporaryFolder.read(path)
    let beyond = try CommittedRound(
      number: 6, learningRate: 1, directions: 1, participants: [1],
      coefficients: .shared([.init(block: 3, values: [1])]))
    let otherSeeding = try CommittedRound(
      number: 6, learningRate: 1, directions: 1, participants: [1],
      coefficients: .perClient([.init(client: 1, blocks: [])]))
    let digest = SampleJournal.digest(&generator)
    let misplaced: [JournalRecord] = [
      try round(5, writer), try round(4, writer), .round(beyond), .round(otherSeeding),
      .plan(PlanRecord(firstRound: 5, cycle: [[]])),
      .plan(PlanRecord(firstRound: 6, cycle: [])),
      .plan(PlanRecord(firstRound: 6, cycle: [[.init(client: 1, blocks: [3])]])),
      .plan(PlanRecord(firstRound: 6, cycle: [[.init(client: 0, blocks: [1])]])),
      .plan(PlanRecord(firstRound: 6, cycle: [[.init(client: 1, blocks: [2, 1])]])),
      .digest(DigestCheckpoint(round: 4, entries: [.init(block: 0, digest: digest)])),
      .digest(DigestCheckpoint(round: 5, entries: [.init(block: 3, digest: digest)])),
      .digest(DigestCheckpoint(round: 5, entries: [])),
      .digest(
        DigestCheckpoint(
          round: 5, entries: [1, 0].map { .init(block: $0, digest: digest) })),
      .end(EndMarker(round: 4, reason: "")), .branch(BranchMarker(round: 4, configuration: nil)),
      .ancillary(type: 100, payload: []),
      .ancillary(type: 200, payload: [UInt8](repeating: 0, count: 1 << 24)),
    ]
    for record in misplaced {
      let error = #expect(throws: ZorBAError.self) { try writer.append(record) }
      #expect(error?.code == .invalidJournal)
      #expect(try TemporaryFolder.read(path) == before)
    }
    try writer.append(.end(EndMarker(round: 5, reason: String(repeating: "é", count: 9000))))
    #expect(throws: ZorBAError.self) { try writer.append(try round(6, writer)) }
    try writer.append(.ancillary(type: 200, payload: [UInt8](repeating: 0, count: 1 << 24 - 1)))
    try writer.append(.branch(BranchMarker(round: 5, configuration: ["rounds": 9])))
    try writer.append(try round(6, writer))
    #expect(try SampleJournal.read(path).entries.count == 5)
  }

  @Test func branchesShareTheirPrefix() throws {
    var generator = SeededGenerator(seed: 106)
    let header = SampleJournal.header(using: &generator)
    let folder = try TemporaryFolder()
    let path = folder.path("run.zorba")
    let source = try JournalWriter.create(at: path, header: header)
    for number in 1...6 as ClosedRange<UInt64> { try source.append(try round(number, source)) }
    try source.append(.end(EndMarker(round: 6, reason: "done")))
    let entries = try SampleJournal.read(path).entries

    for round in 0...6 as ClosedRange<UInt64> {
      let target = folder.path("branch\(round).zorba")
      let writer = try JournalWriter.branch(
        from: path, at: round, to: target, configuration: ["rounds": 7])
      #expect(writer.lastRound == round)
      #expect(writer.header == header)
      try writer.append(try self.round(round + 1, writer))
      let copied = try SampleJournal.read(target).entries
      #expect(copied.count == Int(round) + 2)
      #expect(Array(copied.prefix(Int(round))) == Array(entries.prefix(Int(round))))
      #expect(
        copied[Int(round)].record
          == .branch(BranchMarker(round: round, configuration: ["rounds": 7])))
      let divergence = try JournalDivergence.first(between: path, and: target)
      #expect(divergence?.index == Int(round) + 1)
    }
    let error = #expect(throws: ZorBAError.self) {
      try JournalWriter.branch(
        from: path, at: 7, to: folder.path("beyond.zorba"), configuration: nil)
    }
    #expect(error?.code == .invalidJournal)
    #expect(throws: ZorBAError.self) {
      try JournalWriter.branch(
        from: path, at: 3, to: folder.path("branch3.zorba"), configuration: nil)
    }

    // Damage in round 5 leaves rounds 1 to 4 to branch from.
    var damaged = try TemporaryFolder.read(path)
    damaged[entries[4].offset + 12] ^= 1
    let broken = try folder.write(damaged, to: "damaged.zorba")
    let saved = try JournalWriter.branch(
      from: broken, at: 4, to: folder.path("saved.zorba"), configuration: nil)
    #expect(saved.lastRound == 4)
    #expect(throws: ZorBAError.self) {
      try JournalWriter.branch(
        from: broken, at: 5, to: folder.path("lost.zorba"), configuration: nil)
    }
  }
}
