import SwiftProtobuf
import Testing
import ZorBA
import ZorBAAudit
import ZorBADiagnostics
import ZorBASite
import ZorBAWire

@testable import ZorBACoordinator

/// A site that a run does not list is told what it would be told if there were no such run.
@Suite(.timeLimit(.minutes(2))) struct AllowListTests {
  private func fault(_ body: () async throws -> Void) async -> String {
    do {
      try await body()
      return "no error"
    } catch { return (error as? ZorBAError)?.message ?? "\(error)" }
  }

  @Test func anUnlistedSiteCannotTellARunFromNone() async throws {
    let audited = try AuditedFederation(sites: 3, access: nil) {
      $0.federation = FederationConfiguration(sites: ["ward-1", "ward-2"])
      $0.federation.deadlineSeconds = 1e6
      $0.data.train.removeLast()
    }
    let coordinator = try await audited.coordinator(opening: true)
    let federation = audited.federation
    func ask(_ run: String, _ identity: String) async throws -> [String] {
      try await federation.connected(as: identity) { connection in
        var faults: [String] = []
        faults.append(
          await fault { _ = try await connection.describeModel(.with { $0.run = run }) })
        faults.append(
          await fault {
            try await connection.fetchJournal(.with { $0.run = run }) { _ in }
          })
        return faults.map { $0.replacing(run, with: "RUN") }
      }
    }
    let unlisted = try await ask("trial", "ward-3/identity")
    #expect(unlisted == (try await ask("other", "ward-3/identity")))
    #expect(unlisted.allSatisfy { $0.contains("there is no run") })
    #expect(try await ask("trial", "ward-1/identity") != unlisted)
    // Its agent is told no name either.
    let agent = try await audited.agent(3)
    let failure = try #require(await agent.failure)
    #expect(failure.code == .refused && !failure.message.contains("trial"))
    try await coordinator.end()
    let refused = try audited.records().filter { $0.entry.what == .identityRefused }
    #expect(refused.contains { $0.entry.actor == "zorba://trial-federation/site/ward-3" })
  }
}
