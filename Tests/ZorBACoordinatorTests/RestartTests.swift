import Testing
import ZorBA
import ZorBAOptimization
import ZorBASite

@testable import ZorBACoordinator

/// Processes that end and begin again lose nothing that was said to anybody.
@Suite(.serialized, .timeLimit(.minutes(2))) struct RestartTests {
  enum Damage: CaseIterable {
    case none, tornRecord, otherRun, flippedByte, flippedHeader, missing
  }

  /// A site's agent comes again with a copy of the journal in whatever state.
  @Test(arguments: Damage.allCases) func agentStartsAgain(_ damage: Damage) async throws {
    let federation = try LoopbackFederation {
      $0.rounds = 30
      $0.blocks.plan = .random
      $0.federation.quorum = 0.6
      // Without this, the run waits for the answer that the site took with it.
      $0.federation.deadlineSeconds = 0.2
    }
    let coordinator = try await federation.coordinator()
    var agents = try await federation.agents()
    try await agents[1].applied(4)
    try await agents[1].kill()
    let copy = federation.journal(of: 2)
    var bytes = try contents(of: copy)
    switch damage {
    case .none: break
    case .tornRecord: bytes.removeLast(11)
    case .otherRun:
      let other = try LoopbackFederation {
        $0.rounds = 2; $0.seed = 9
      }
      bytes = try contents(of: try other.simulate().journalPath)
    case .flippedByte: bytes[bytes.count * 9 / 10] ^= 4
    case .flippedHeader: bytes[200] ^= 4
    case .missing: bytes = []
    }
    try federation.folder.write(bytes, to: "ward-2/state/run.zorba")
    agents[1] = try await federation.agent(2)
    let outcomes = try await [agents[0].outcome, agents[1].outcome, agents[2].outcome]
    #expect(outcomes[1] == outcomes[0])
    #expect(outcomes[2] == outcomes[0])
    try federation.expectJournals(of: [1, 2, 3], equal: federation.journal)
    try federation.expectReplay(ends: outcomes)
    let isForeign = [.otherRun, .flippedByte, .flippedHeader].contains(damage)
    #expect(exists(copy + ".1") == isForeign)
    try await coordinator.end()
  }
}

extension LoopbackFederation {
  /// Replaying the coordinator's journal onto the base model gives the sites' digest.
  func expectReplay(
    ends outcomes: [AgentOutcome], of name: String = "trial"
  ) throws {
    let model = try FineTunedModel(
      path: run.model, journal: folder.path("\(name)/run.zorba"), threads: 1
    ).stateDigest()
    for outcome in outcomes {
      guard case .finished(name, _, model) = outcome else {
        Issue.record("\(outcome), but the journal gives \(model)")
        continue
      }
    }
  }
}
