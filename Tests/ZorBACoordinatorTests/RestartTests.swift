import Testing
import ZorBA
import ZorBAOptimization
import ZorBASite

@testable import ZorBACoordinator

/// Processes that end and begin again lose nothing that was said to anybody.
@Suite(.serialized, .timeLimit(.minutes(2))) struct RestartTests {
  /// The coordinator goes down between rounds, or in the middle of one, and the next one goes on as if
  /// nothing had been.
  @Test(arguments: [false, true]) func coordinatorStartsAgain(cut: Bool) async throws {
    let federation = try LoopbackFederation {
      $0.rounds = 40
      $0.blocks.plan = .random
      $0.method.seeding = .perClient
    }
    let simulated = try federation.simulate()
    var coordinator = try await federation.coordinator()
    let agents = try await federation.agents()
    for round in [3, 11] {
      try await coordinator.committed(round)
      try await coordinator.end(cut: cut)
      coordinator = try await federation.coordinator()
    }
    try await federation.expectEverybody(agents, endsAs: simulated)
    try await coordinator.end()
  }

  /// A coordinator that is started after the end tells late sites.
  @Test func theEndOutlivesTheCoordinator() async throws {
    let federation = try LoopbackFederation { $0.federation.quorum = 0.5 }
    var coordinator = try await federation.coordinator()
    let agents = try await federation.agents()
    for agent in agents { _ = try await agent.outcome }
    let journal = try contents(of: federation.journal)
    try await coordinator.end()
    coordinator = try await federation.coordinator()
    let host = try await coordinator.coordinator.run(named: "trial")
    #expect(await host.state.kind == .finished)
    let late = try await federation.agent(2)
    let outcome = try await late.outcome
    #expect(outcome == (try await agents[1].outcome))
    #expect(try contents(of: federation.journal) == journal)
    let result = await host.result
    guard case .finished(_, 6, result.stateDigest) = outcome else {
      Issue.record("\(outcome) with digest \(result.stateDigest)")
      return
    }
    try await coordinator.end()
  }

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
