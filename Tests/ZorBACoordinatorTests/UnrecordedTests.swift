import SwiftProtobuf
import Synchronization
import Testing
import ZorBA
import ZorBAAudit
import ZorBADiagnostics
import ZorBAFiles
import ZorBAJSON
import ZorBAJournal
import ZorBAWire

@testable import ZorBACoordinator

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What cannot be recorded is not done.
@Suite(.timeLimit(.minutes(3))) struct UnrecordedTests {
  /// A disk that can be filled.
  private final class Disk: Sendable {
    let isFull = Mutex(false)

    var calls: FileSystemCalls {
      FileSystemCalls(
        write: { [self] descriptor, bytes, offset in
          guard !isFull.withLock({ $0 }) else {
            errno = ENOSPC
            return -1
          }
          return FileSystemCalls.system.write(descriptor, bytes, offset)
        }, synchronize: FileSystemCalls.system.synchronize,
        reserve: { [self] path, bytes in
          isFull.withLock({ $0 }) ? ENOSPC : FileSystemCalls.reserve(path, bytes)
        })
    }
  }

  @Test func aFullDiskHoldsActsAndRoundsAndLosesNone() async throws {
    let disk = Disk()
    let audited = try AuditedFederation(access: nil, calls: disk.calls) { $0.rounds = 6 }
    let coordinator = try await audited.coordinator(opening: true)
    let agents = [try await audited.agent(1), try await audited.agent(2)]
    try await coordinator.committed(2)
    disk.isFull.withLock { $0 = true }
    let filled = coordinator.notices.count
    let paused = try await coordinator.state(.paused, after: filled)
    #expect(paused.reason.contains("room") || paused.reason.contains("written"))
    await #expect(throws: ZorBAError.self) {
      try await audited.federation.connected { connection in
        _ = try await connection.controlRun(
          .with {
            $0.run = "trial"
            $0.action = .stop
          })
      }
    }
    disk.isFull.withLock { $0 = false }
    for agent in agents { _ = try await agent.outcome }
    try await coordinator.state(.finished)
    try await coordinator.end()
    var check = JournalCheck(run: "trial")
    let report = try AuditVerifier.verify(audited.log.all) { check.visit($0, file: $1, line: $2) }
    #expect(report.isSound, "\(report.findings)")
    let journal = try JournalRounds(path: audited.federation.journal).all
    #expect(journal.count == 6)
    #expect(check.findings(journal: journal).isEmpty)
    #expect(try !audited.kinds().contains(.operatorActed))
  }

  @Test func roundsThatACrashKeptOutOfTheLogAreAddedWhenTheRunIsTakenUp() async throws {
    let audited = try AuditedFederation(access: nil)
    var unlogged: CoordinatorUnderTest? = try await audited.federation.coordinator()
    let agents = [try await audited.agent(1), try await audited.agent(2)]
    for agent in agents { _ = try await agent.outcome }
    try await unlogged?.state(.finished)
    try await unlogged?.end()
    // It lets go of the journal when the last of it is gone.
    unlogged = nil
    #expect(try audited.kinds().isEmpty)
    let coordinator = try await audited.coordinator(opening: true)
    try await coordinator.end()
    var check = JournalCheck(run: "trial")
    let report = try AuditVerifier.verify(audited.log.all) { check.visit($0, file: $1, line: $2) }
    #expect(report.isSound)
    let journal = try JournalRounds(path: audited.federation.journal).all
    #expect(journal.count == 3 && check.findings(journal: journal).isEmpty)
    let recovered = try audited.records().filter { $0.entry.what == .roundCommitted }
    #expect(recovered.allSatisfy { $0.entry.detail["recovered"]?.bool == true })
  }
}
