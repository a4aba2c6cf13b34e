import SwiftProtobuf
import Testing
import ZorBA
import ZorBAAudit
import ZorBAAuditIdentity
import ZorBADiagnostics
import ZorBAIdentity
import ZorBAJSON
import ZorBAJournal
import ZorBAPresentation
import ZorBAReport
import ZorBAWire

@testable import ZorBACoordinator

/// Two approvers, a run, and logs that say all of it.
@Suite(.timeLimit(.minutes(3))) struct ApprovalTests {
  private static let access = """
    operators:
      alice: [operator, approver]
      bob: [approver]
      carol: [approver]
      dave: [viewer]
    approvals: {minimum: 2}
    """

  /// The code of the error that an operator gets.
  private func refusal(_ body: () async throws -> Zorba_V1_RunStatus) async -> ZorBAError? {
    do {
      _ = try await body()
      return nil
    } catch { return error as? ZorBAError }
  }

  @Test func aRunBeginsWhenTwoOthersAgreedAndTheLogsShowIt() async throws {
    let audited = try AuditedFederation(access: Self.access)
    var coordinator = try await audited.coordinator()
    #expect(await refusal { try await audited.start(as: "operator-dave") }?.code == .refused)
    #expect(await refusal { try await audited.start(as: "operator-bob") }?.code == .refused)
    let asked = try await audited.start(as: "operator")
    #expect(asked.state == "awaiting_approval" && asked.approvalsRequired == 2)
    let digest = asked.digest

    // No site can learn of it: what it is told is what it is told where there is no run at all.
    let early = try await audited.federation.agent(1)
    let failure = try #require(await early.failure)
    #expect(failure.message.contains("no run lists the site"))

    let wrong = String(repeating: "ab", count: 32)
    #expect(await refusal { try await audited.approve(wrong, as: "operator-bob") } != nil)
    #expect(await refusal { try await audited.approve(digest, as: "operator") }?.code == .refused)
    #expect(
      await refusal { try await audited.approve(digest, as: "operator-dave") }?.code == .refused)
    #expect(await refusal { try await audited.status(as: "operator-eve")[0] }?.code == .refused)
    let once = try await audited.approve(digest, as: "operator-bob")
    #expect(once.state == "awaiting_approval" && once.approvals.count == 1)
    #expect(
      await refusal { try await audited.approve(digest, as: "operator-bob") }?.code == .refused)

    // It waits through a restart.
    try await coordinator.end()
    coordinator = try await audited.coordinator()
    #expect(try await coordinator.coordinator.restoreRequests().isEmpty)
    let waiting = try #require(try await audited.status(as: "operator-dave").first)
    #expect(waiting.state == "awaiting_approval" && waiting.digest == digest)
    #expect(waiting.approvals.map(\.approver) == ["zorba://trial-federation/operator/bob"])
    let begun = try await audited.approve(digest, as: "operator-carol")
    #expect(begun.state != "awaiting_approval" && begun.approvals.count == 2)

    let agents = [try await audited.agent(1), try await audited.agent(2)]
    for agent in agents { _ = try await agent.outcome }
    try await coordinator.state(.finished)
    let result = await (try coordinator.coordinator.run(named: "trial")).result
    let names = ["bob", "carol"].map { "zorba://trial-federation/operator/\($0)" }
    #expect(result.protection?.approvals.map(\.approver) == names)
    let page = RunReport(result, configuration: audited.federation.run, title: "trial").html()
    for name in names { #expect(page.contains("<dd>\(name), 20")) }
    try await coordinator.end()

    try checkCoordinatorsLog(audited, digest: digest)
    try checkSitesLogs(audited, digest: digest)
  }

  private func checkCoordinatorsLog(_ audited: AuditedFederation, digest: String) throws {
    var check = JournalCheck(run: "trial")
    let report = try AuditVerifier.verify(audited.log.all) { check.visit($0, file: $1, line: $2) }
    #expect(report.isSound, "\(report.findings)")
    let journal = try JournalRounds(path: audited.federation.journal).all
    #expect(journal.count == 3 && check.count == 3)
    #expect(check.findings(journal: journal).isEmpty)
    let head = try #require(report.head)
    let anchor = audited.federation.authority.anchor
    #expect(
      KeeperProof(head, anchor: anchor)
        == .proved(keeper: "zorba://trial-federation/coordinator"))
    var forged = head
    forged.key[0] ^= 1
    guard case .failed = KeeperProof(forged, anchor: anchor) else {
      Issue.record("another key passes as the coordinator's")
      return
    }
    let kinds = try audited.kinds()
    let story: [AuditKind] = [
      .runRequested, .runApproved, .runApproved, .runReleased, .runOpened, .runPlanned,
      .roundCommitted, .roundCommitted, .roundCommitted, .runEnded,
    ]
    #expect(kinds.filter { story.contains($0) } == story)
    let records = try audited.records()
    #expect(
      records.filter { $0.entry.what == .runApproved }.map(\.entry.actor) == [
        "zorba://trial-federation/operator/bob", "zorba://trial-federation/operator/carol",
      ])
    #expect(
      records.filter { $0.entry.what == .runApproved }.allSatisfy { $0.entry.digest == digest })
    #expect(
      records.contains { $0.entry.what == .operatorRefused && $0.entry.actor.hasSuffix("eve") })
    #expect(records.contains { $0.entry.what == .identityRefused })
    // Another chain value than the journal's is noticed.
    var other = journal
    other[1].chain = String(repeating: "0", count: 32)
    #expect(check.findings(journal: other).count == 1)
  }

  private func checkSitesLogs(_ audited: AuditedFederation, digest: String) throws {
    for site in audited.federation.sites {
      let files = LogFiles(audited.folder.path("\(site)/state/audit.jsonl"))
      let report = try AuditVerifier.verify(files.all)
      #expect(report.isSound)
      let records = try audited.records(files)
      let sent = records.filter { $0.entry.what == .messageReleased }
      let lines = String(
        decoding: try contents(of: audited.folder.path("\(site)/state/sent.jsonl")), as: UTF8.self
      ).split(separator: "\n")
      // The early agent of the first site kept no audit log, but it sent a Hello.
      #expect(sent.count >= 3 && sent.count <= lines.count)
      let digests = try lines.map { line -> String in
        let payload = try JSONParser.parse(Array(line.utf8))["payload"]?.string ?? ""
        let bytes = Hexadecimal.bytes(payload, count: payload.utf8.count / 2) ?? []
        return Hexadecimal.digest(of: bytes)
      }
      for record in sent { #expect(digests.contains(record.entry.digest ?? "")) }
      #expect(records.contains { $0.entry.what == .policyLoaded && $0.entry.digest != nil })
      #expect(records.contains { $0.entry.what == .runOpened && $0.entry.digest == digest })
    }
  }

  @Test func theRunsOwnFileCanAskForApprovals() async throws {
    let audited = try AuditedFederation(access: nil) { $0.approvals.required = 1 }
    let coordinator = try await audited.coordinator()
    let asked = try await audited.start(as: "operator")
    #expect(asked.state == "awaiting_approval" && asked.approvalsRequired == 1)
    // Opening it by another way is refused.
    let run = audited.federation.coordinated
    await #expect(throws: ZorBAError.self) {
      try await coordinator.coordinator.open(run, named: "trial")
    }
    // The same name with another content loses what was agreed to.
    let begun = try await audited.approve(asked.digest, as: "operator-bob")
    #expect(begun.state != "awaiting_approval")
    try await coordinator.end()
  }

  @Test func aRunThatChangedIsApprovedAnew() async throws {
    let audited = try AuditedFederation(access: Self.access)
    let coordinator = try await audited.coordinator()
    let first = try await audited.start(as: "operator")
    _ = try await audited.approve(first.digest, as: "operator-bob")
    var run = audited.federation.coordinated
    run.rounds = 4
    let text = run.yamlText
    let second = try await audited.federation.connected {
      try await $0.startRun(
        .with {
          $0.name = "trial"
          $0.runFile = text
        }
      ).run
    }
    #expect(second.digest != first.digest && second.approvals.isEmpty)
    #expect(await refusal { try await audited.approve(first.digest, as: "operator-carol") } != nil)
    try await coordinator.end()
  }

  /// A run of three rounds that is over, and its digest.
  private func finishedRun(
    of audited: AuditedFederation, on coordinator: CoordinatorUnderTest
  ) async throws -> String {
    let asked = try await audited.start(as: "operator")
    _ = try await audited.approve(asked.digest, as: "operator-bob")
    let agents = [try await audited.agent(1), try await audited.agent(2)]
    for agent in agents { _ = try await agent.outcome }
    try await coordinator.state(.finished)
    return asked.digest
  }

  /// Asks for a branch of that run after its second round.
  private func branch(_ audited: AuditedFederation) async throws -> Zorba_V1_RunStatus {
    try await audited.federation.connected { connection in
      try await connection.branchRun(
        .with {
          $0.run = "trial"
          $0.round = 2
          $0.name = "other"
          $0.overrides = ["approvals.required=0", "method.learning_rate=0.001"]
        }
      ).run
    }
  }

  private func approveBranch(
    _ audited: AuditedFederation, _ digest: String
  ) async throws -> Zorba_V1_RunStatus {
    try await audited.federation.connected(as: "operator-carol") { connection in
      try await connection.approveRun(
        .with {
          $0.run = "other"
          $0.digest = digest
        }
      ).run
    }
  }

  @Test func aBranchNeedsWhatItsSourceNeededAndNothingOfItIsWrittenBefore() async throws {
    let audited = try AuditedFederation(access: nil) { $0.approvals.required = 1 }
    var coordinator = try await audited.coordinator()
    let source = try await finishedRun(of: audited, on: coordinator)
    let branch = try await branch(audited)
    #expect(branch.state == "awaiting_approval" && branch.approvalsRequired == 1)
    #expect(branch.digest != source && branch.reason.contains("round 2 of 'trial'"))
    // A journal is a model, so there is none yet, nor after a restart.
    #expect(!exists(audited.folder.path("other")))
    try await coordinator.end()
    coordinator = try await audited.coordinator()
    #expect(try await coordinator.coordinator.restoreRequests().isEmpty)
    #expect(!exists(audited.folder.path("other")))
    #expect(try !audited.kinds().contains(.runBranched))
    let begun = try await approveBranch(audited, branch.digest)
    #expect(begun.state != "awaiting_approval" && begun.lastRound == 2)
    try await coordinator.end()
    let rounds = try JournalRounds(path: audited.folder.path("other/run.zorba")).all
    let original = try JournalRounds(path: audited.federation.journal).all
    #expect(rounds.map(\.chain) == original.prefix(2).map(\.chain))
    #expect(try audited.kinds().contains(.runBranched))
    #expect(try audited.kinds(of: "other").contains(.runApproved))
  }

  @Test func aBranchOfAHistoryThatIsGoneDoesNotBegin() async throws {
    let audited = try AuditedFederation(access: nil) { $0.approvals.required = 1 }
    let coordinator = try await audited.coordinator()
    _ = try await finishedRun(of: audited, on: coordinator)
    let branch = try await branch(audited)
    try await coordinator.coordinator.run(named: "trial").rollBack(to: 1)
    #expect(await refusal { try await approveBranch(audited, branch.digest) } != nil)
    #expect(!exists(audited.folder.path("other")))
    #expect(try await audited.status().first { $0.name == "other" }?.state == "awaiting_approval")
    try await coordinator.end()
    #expect(try !audited.kinds(of: "other").contains(.runReleased))
  }

  @Test func strangersCannotHideWhatAnOperatorWasRefused() async throws {
    let audited = try AuditedFederation(access: Self.access)
    let coordinator = try await audited.coordinator()
    for _ in 0..<100 {
      audited.trail.noteStranger(AuditEntry(.identityRefused, by: "unknown"))
    }
    for _ in 0..<3 {
      #expect(await refusal { try await audited.start(as: "operator-dave") }?.code == .refused)
    }
    try await coordinator.end()
    let refused = try audited.records().filter { $0.entry.what == .operatorRefused }
    #expect(refused.count == 3 && refused.allSatisfy { $0.entry.actor.hasSuffix("operator/dave") })
  }

  @Test func withoutItsRulesACoordinatorObeysNobody() async throws {
    let audited = try AuditedFederation(access: Self.access)
    let coordinator = try await audited.coordinator()
    #expect(try await audited.status().isEmpty)
    try audited.folder.write("operators: {alice: [king]}", to: "access.yaml")
    #expect(await refusal { try await audited.start(as: "operator") } != nil)
    // A change holds at once.
    try audited.folder.write("operators: {dave: [operator]}", to: "access.yaml")
    #expect(await refusal { try await audited.start(as: "operator") }?.code == .refused)
    #expect(try await audited.start(as: "operator-dave").name == "trial")
    try await coordinator.end()
    let acts = try audited.records().filter { $0.entry.what == .operatorActed }
    #expect(acts.map(\.entry.actor) == ["zorba://trial-federation/operator/dave"])
  }
}
