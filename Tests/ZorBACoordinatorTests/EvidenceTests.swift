import Testing
import ZorBA
import ZorBAAudit
import ZorBADiagnostics
import ZorBAEvidence
import ZorBAIdentity
import ZorBAJSON
import ZorBAWire

@testable import ZorBACoordinator

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The evidence says what the records say, and nothing else.
@Suite(.timeLimit(.minutes(3))) struct EvidenceTests {
  @Test func aNetworkedRunIsDescribedFromItsRecords() async throws {
    let audited = try AuditedFederation(access: nil) { $0.approvals.required = 1 }
    let coordinator = try await audited.coordinator()
    let asked = try await audited.start(as: "operator")
    _ = try await audited.approve(asked.digest, as: "operator-bob")
    let agents = [try await audited.agent(1), try await audited.agent(2)]
    for agent in agents { _ = try await agent.outcome }
    try await coordinator.state(.finished)
    try await coordinator.end()
    let logs = [
      audited.log.path, audited.folder.path("ward-1/state/audit.jsonl"),
      audited.folder.path("ward-2/state/audit.jsonl"),
    ]
    func pack() throws -> EvidencePack {
      try EvidencePack(
        folder: audited.folder.path("trial"), logs: logs,
        authority: audited.federation.authority.anchor, software: "test")
    }
    let evidence = try pack()
    #expect(evidence.isSound, "\(evidence.logs.flatMap(\.report.findings))")
    #expect(evidence.journal.specification == asked.digest)
    #expect(evidence.journal.rounds.count == 3)
    #expect(evidence.clients == ["ward-1", "ward-2"])
    #expect(evidence.logs[0].crossChecked == 3)
    #expect(evidence.logs[0].events.contains { $0.what == "run.approved" })
    for log in evidence.logs.dropFirst() {
      #expect(log.messages.count >= 3 && log.messages.bytes > 0 && log.policyDigests.count == 1)
    }
    let json = evidence.json
    #expect(json["clients"]?.array?.first?["rounds"]?.integer == 3)
    #expect(json["clients"]?.array?.first?["examples_told"]?.integer == 5)
    let out = audited.folder.path("pack")
    try evidence.write(to: out)
    #expect(throws: ZorBAError.self) { try evidence.write(to: out) }
    let text = String(decoding: try contents(of: "\(out)/evidence.md"), as: UTF8.self)
    #expect(text.contains(asked.digest) && text.contains("operator/bob"))
    #expect(
      Hexadecimal.digest(of: try contents(of: "\(out)/specification.json")) == asked.digest)
    for line in String(decoding: try contents(of: "\(out)/SHA256SUMS"), as: UTF8.self)
      .split(separator: "\n")
    {
      let parts = line.split(separator: " ").map(String.init)
      #expect(Hexadecimal.digest(of: try contents(of: "\(out)/\(parts[1])")) == parts[0])
    }

    // A record that is changed is said to be broken, in the evidence itself.
    var bytes = try contents(of: logs[0])
    bytes[bytes.count / 2] ^= 1
    try Data(bytes).write(to: URL(filePath: logs[0]))
    let broken = try pack()
    #expect(!broken.isSound)
    #expect(broken.markdown.contains("**BROKEN**"))
  }

  @Test func aSimulationsFolderIsEnough() throws {
    let federation = try LoopbackFederation(sites: 2) { $0.rounds = 2 }
    _ = try federation.simulate()
    let evidence = try EvidencePack(
      folder: federation.folder.path("simulated"), logs: [], software: "test")
    #expect(evidence.isSound && evidence.journal.rounds.count == 2)
    #expect(evidence.markdown.contains("no audit log was given"))
    let limits = evidence.json["known_limits"]?.array?.compactMap(\.string) ?? []
    // What the threat model leaves open is not left to its reader.
    let topics = ["tell the coordinator what they know", "no noise", "snapshot", "authority's key"]
    for topic in topics {
      #expect(limits.contains { $0.contains(topic) }, "\(topic)")
    }
    #expect(evidence.documents.files.contains { $0.name == "run.zorba" })
  }
}
