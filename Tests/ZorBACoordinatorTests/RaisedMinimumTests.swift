import Testing
import ZorBA
import ZorBAAudit
import ZorBADiagnostics
import ZorBAJournal
import ZorBAWire

@testable import ZorBACoordinator

/// How many must agree is asked when a run would begin, or go on after a restart.
@Suite(.timeLimit(.minutes(3))) struct RaisedMinimumTests {
  private static func access(_ minimum: Int) -> String {
    """
    operators:
      alice: [operator, approver]
      bob: [approver]
      carol: [approver]
    approvals: {minimum: \(minimum)}
    """
  }

  @Test func aRunThatBeganWithFewerApprovalsWaitsForTheRest() async throws {
    let audited = try AuditedFederation(access: Self.access(1))
    var first: CoordinatorUnderTest? = try await audited.coordinator()
    let asked = try await audited.start(as: "operator")
    let begun = try await audited.approve(asked.digest, as: "operator-bob")
    #expect(begun.state != "awaiting_approval")
    try await first?.end()
    first = nil
    // The journal is let go of when the last of the coordinator is gone.
    try await until {
      do {
        _ = try JournalWriter.resume(at: audited.federation.journal)
        return true
      } catch let error as ZorBAError {
        return error.code != .refused
      }
    }

    try audited.folder.write(Self.access(2), to: "access.yaml")
    let second = try await audited.coordinator()
    #expect(try await second.coordinator.restoreRequests().isEmpty)
    let waiting = try #require(try await audited.status().first)
    #expect(waiting.state == "awaiting_approval" && waiting.digest == asked.digest)
    #expect(waiting.approvalsRequired == 2 && waiting.approvals.count == 1)
    await #expect(throws: ZorBAError.self) {
      try await second.coordinator.open(audited.federation.coordinated, named: "trial")
    }
    let again = try await audited.approve(asked.digest, as: "operator-carol")
    #expect(again.state != "awaiting_approval" && again.approvals.count == 2)
    try await second.end()
    let story: Set<AuditKind> = [.runRequested, .runApproved, .runReleased]
    #expect(
      try audited.kinds().filter(story.contains) == [
        .runRequested, .runApproved, .runReleased, .runRequested, .runApproved, .runReleased,
      ])
  }

  @Test func aMinimumThatWasRaisedHoldsForARunThatWaits() async throws {
    let audited = try AuditedFederation(access: Self.access(1))
    let coordinator = try await audited.coordinator()
    let asked = try await audited.start(as: "operator")
    #expect(asked.approvalsRequired == 1)
    try audited.folder.write(Self.access(2), to: "access.yaml")
    let once = try await audited.approve(asked.digest, as: "operator-bob")
    #expect(once.state == "awaiting_approval" && once.approvalsRequired == 2)
    let twice = try await audited.approve(asked.digest, as: "operator-carol")
    #expect(twice.state != "awaiting_approval" && twice.approvals.count == 2)
    try await coordinator.end()
  }
}
