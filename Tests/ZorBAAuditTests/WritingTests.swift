import Synchronization
import Testing
import ZorBADiagnostics
import ZorBAFiles
import ZorBATestSupport

@testable import ZorBAAudit

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

func makePrivate(_ path: String) throws { #expect(chmod(path, 0o600) == 0) }

@Suite struct WritingTests {
  @Test func aLogGoesOnAfterItsKeeperStartsAgain() throws {
    let log = try LogUnderTest()
    var records = 0
    for _ in 0..<4 {
      let opened = try log.open()
      #expect(opened.opening.isNew == (records == 0))
      try opened.append(AuditEntry(.serviceStarted))
      records = opened.opening.records + 1
    }
    let report = try AuditVerifier.verify(log.files.all)
    #expect(report.isSound && report.records == 5)
  }

  @Test func filesAreForTheirOwnerAlone() throws {
    let before = umask(0)
    defer { umask(before) }
    let log = try LogUnderTest()
    try log.fill(60, bytesPerFile: 8192)
    #expect(!log.files.full.isEmpty)
    for file in log.files.all + [log.files.key, log.files.lock] {
      #expect(try log.mode(file) == 0o600, "\(file)")
    }
    #expect(chmod(log.files.key, 0o640) == 0)
    #expect(throws: ZorBAError.self) { try log.open() }
  }

  @Test func fullFilesArePutAsideAndTheChainGoesThroughThem() throws {
    let log = try LogUnderTest()
    try log.fill(100, bytesPerFile: 4096)
    try log.fill(50, bytesPerFile: 4096, seed: 2)
    #expect(log.files.full.count > 10)
    let whole = try AuditVerifier.verify(log.files.all)
    #expect(whole.isSound, "\(whole.findings)")
    // A later file alone is sound and says where it begins.
    let alone = try AuditVerifier.verify([log.files.full[4]])
    #expect(alone.isSound, "\(alone.findings)")
    #expect((alone.first?.n ?? 0) > 0)
    // A whole file that is missing is a gap at the first line of the next one.
    var files = log.files.all
    files.remove(at: 3)
    let report = try AuditVerifier.verify(files)
    #expect(report.findings.map(\.kind) == [.dropped])
    #expect(report.findings.first?.file == files[3] && report.findings.first?.line == 1)
  }

  @Test func anyTornEndIsRepairedAndSaidToBe() throws {
    let source = try LogUnderTest()
    try source.fill(6)
    let bytes = try source.read()
    let starts = [0] + bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
    for end in stride(from: 1, to: bytes.count, by: 13) {
      let log = try LogUnderTest()
      _ = try log.copy(try source.read(source.files.key), "audit.jsonl.key")
      try makePrivate(log.files.key)
      _ = try log.copy(Array(bytes[..<end]), "audit.jsonl")
      let opened = try log.open()
      let torn = end - (starts.last { $0 <= end } ?? 0)
      #expect(opened.opening.repairedBytes == torn)
      try opened.append(AuditEntry(.serviceStarted))
      let report = try AuditVerifier.verify(log.files.all)
      #expect(report.isSound, "\(end): \(report.findings)")
      #expect(report.repairs == (torn > 0 ? 1 : 0))
    }
  }

  @Test func aSecondKeeperIsRefused() throws {
    let log = try LogUnderTest()
    let first = try log.open()
    #expect(throws: ZorBAError.self) { try log.open() }
    try first.append(AuditEntry(.serviceStarted))
  }

  @Test func aLogWithoutItsKeyOrWithADamagedEndIsNotContinued() throws {
    let log = try LogUnderTest()
    try log.fill(5)
    var lines = try log.lines()
    lines[4][20] ^= 1
    _ = try log.copy(lines: lines, "audit.jsonl")
    #expect(throws: ZorBAError.self) { try log.open() }
    #expect(unlink(log.files.key) == 0)
    #expect(throws: ZorBAError.self) { try log.open() }
  }

  @Test func aFullDiskRefusesAndLeavesNothing() throws {
    let log = try LogUnderTest()
    let room = Mutex(Int.max)
    let calls = FileSystemCalls(
      write: { descriptor, bytes, offset in
        room.withLock { room in
          let count = min(room, bytes.count)
          guard count > 0 else {
            errno = ENOSPC
            return -1
          }
          if room != .max { room -= count }
          return FileSystemCalls.system.write(
            descriptor, UnsafeRawBufferPointer(rebasing: bytes[..<count]), offset)
        }
      }, synchronize: FileSystemCalls.system.synchronize)
    let opened = try log.open(bytesPerFile: 3000, calls: calls)
    var generator = SeededGenerator(seed: 4)
    var accepted = 1
    for number in 0..<300 {
      room.withLock {
        $0 = number.isMultiple(of: 3) ? Int.random(in: 0..<900, using: &generator) : .max
      }
      do {
        try opened.append(LogUnderTest.entry(number, using: &generator))
        accepted += 1
      } catch let error as ZorBAError {
        #expect(error.code == .inputOutput)
      }
    }
    room.withLock { $0 = .max }
    let report = try AuditVerifier.verify(log.files.all)
    #expect(report.isSound, "\(report.findings)")
    let heads = log.files.all.count - 1
    #expect(report.records == accepted + heads)
    #expect(accepted < 290)
  }

  @Test func roomThatWasSetAsideTakesTheRecordOfWhatWasDone() throws {
    let log = try LogUnderTest()
    let path = log.files.spare
    // A disk that has just the room that the spare file takes.
    let calls = FileSystemCalls(
      write: { descriptor, bytes, offset in
        guard access(path, F_OK) != 0 else {
          errno = ENOSPC
          return -1
        }
        return FileSystemCalls.system.write(descriptor, bytes, offset)
      }, synchronize: FileSystemCalls.system.synchronize)
    let opened = try log.open(calls: calls)
    try opened.reserve()
    #expect(try log.mode(path) == 0o600)
    try opened.append(AuditEntry(.roundCommitted, run: "alpha", round: 1, digest: "ab"))
    let report = try AuditVerifier.verify(log.files.all)
    #expect(report.isSound && report.records == 2)
    let full = FileSystemCalls(
      write: calls.write, synchronize: calls.synchronize, reserve: { _, _ in ENOSPC })
    let other = try LogUnderTest()
    #expect(throws: ZorBAError.self) { try other.open(calls: full).reserve() }
  }

  @Test func aDiskThatDoesNotConfirmRefusesDurableKinds() throws {
    let log = try LogUnderTest()
    let fails = Mutex(false)
    let calls = FileSystemCalls(
      write: FileSystemCalls.system.write,
      synchronize: { fails.withLock { $0 } ? -1 : FileSystemCalls.system.synchronize($0) })
    let opened = try log.open(calls: calls)
    fails.withLock { $0 = true }
    #expect(throws: ZorBAError.self) { try opened.append(AuditEntry(.operatorActed)) }
    try opened.append(AuditEntry(.messageReleased))
    fails.withLock { $0 = false }
    let report = try AuditVerifier.verify(log.files.all)
    #expect(report.isSound && report.records == 2)
  }

  @Test func manyThreadsWriteOneChain() async throws {
    let log = try LogUnderTest()
    let opened = try log.open(bytesPerFile: 20_000)
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for number in 0..<50 {
            _ = try? opened.append(AuditEntry(.messageReleased, run: "r\(task)", round: number))
          }
        }
      }
    }
    var rounds: [String: [Int]] = [:]
    let report = try AuditVerifier.verify(log.files.all) { record, _, _ in
      if let run = record.entry.run { rounds[run, default: []].append(record.entry.round ?? -1) }
    }
    #expect(report.isSound)
    #expect(rounds.count == 8)
    for written in rounds.values { #expect(written == Array(0..<50)) }
  }
}
