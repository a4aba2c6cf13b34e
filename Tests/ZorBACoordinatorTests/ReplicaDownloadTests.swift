import Testing
import ZorBA
import ZorBAJournal
import ZorBAOptimization
import ZorBASite
import ZorBATestSupport

@testable import ZorBACoordinator

/// Sites that begin from a snapshot, over TLS.
@Suite(.timeLimit(.minutes(1))) struct ReplicaDownloadTests {
  /// A run that one of two sites has finished alone, evaluated by the coordinator itself.
  struct FinishedRun {
    let federation: LoopbackFederation
    let coordinator: CoordinatorUnderTest
    let host: RunHost
    let outcome: AgentOutcome

    init(change: (inout RunConfiguration) -> Void = { _ in }) async throws {
      let federation = try LoopbackFederation(sites: 2) {
        $0.rounds = 8
        $0.federation.startWith = 1
        $0.federation.digestEvery = 1
        change(&$0)
      }
      self.federation = federation
      coordinator = try await federation.coordinator(opening: false) {
        $0.servesModels = true
        $0.runs.replica = ReplicaOptions(snapshotEvery: 3, threads: 1)
      }
      var run = federation.coordinated
      run.data.test = try federation.withTestRows { $0.data.test }
      host = try await coordinator.coordinator.open(run, named: "trial")
      let first = try await federation.agent(1, settings: ["download_model: true"])
      outcome = try await first.outcome
      let host = host
      try await until { await host.isSettled }
    }

    var shelf: SnapshotShelf {
      get throws { try #require(host.snapshots) }
    }

    /// The other site, which has nothing.
    func late(_ settings: [String]) async throws -> AgentUnderTest {
      try await federation.agent(2, settings: ["download_model: true"] + settings)
    }

    func state(_ name: String) -> String { federation.folder.path("ward-2/state/\(name)") }
  }

  @Test func lateSiteBeginsFromASnapshotAndResumesItsDownload() async throws {
    let run = try await FinishedRun()
    let snapshot = try #require(try run.shelf.newest(atOrBefore: 8))
    #expect(snapshot.round == 6)
    let whole = try contents(of: "\(snapshot.folder)/model.safetensors")
    let half = whole.count / 2
    let chain = "\(snapshot.claim.chain)".prefix(8)
    try write(
      Array(whole[..<half]),
      to: run.state("snapshots/round-6-\(chain)/model.safetensors.part"))
    let late = try await run.late(["snapshots: always"])
    #expect(try await late.outcome == run.outcome)
    #expect(!exists(run.state("model")))
    let starts = late.notices.all.compactMap { notice -> UInt64? in
      if case .downloading("model.safetensors", let done, _) = notice { done } else { nil }
    }
    #expect(starts.first == UInt64(half))
    #expect(starts.last == UInt64(whole.count))
    try await run.coordinator.end()
  }

  @Test func damagedSnapshotGivesWayToTheBaseModel() async throws {
    let run = try await FinishedRun()
    let snapshot = try #require(try run.shelf.newest(atOrBefore: 8))
    try damage("\(snapshot.folder)/model.safetensors")
    let late = try await run.late(["snapshots: always"])
    #expect(try await late.outcome == run.outcome)
    #expect(exists(run.state("model/model.safetensors")))
    #expect(late.warnings.contains { $0.contains("the snapshot is not used") })
    try await run.coordinator.end()
  }

  /// Where nothing is here, a snapshot is no more to fetch than the base model.
  @Test(arguments: [("auto", false), ("never", true)])
  func ownerDecides(_ choice: String, fetchesBase: Bool) async throws {
    let run = try await FinishedRun()
    let late = try await run.late(["snapshots: \(choice)"])
    #expect(try await late.outcome == run.outcome)
    #expect(exists(run.state("model/model.safetensors")) == fetchesBase)
    try await run.coordinator.end()
  }

  @Test func coordinatorSpeaksForTheWeightsWhereNoSiteIs() async throws {
    let federation = try LoopbackFederation()
    let coordinator = try await federation.coordinator {
      $0.runs.replica = ReplicaOptions(threads: 1)
    }
    let host = try await coordinator.coordinator.run(named: "trial")
    await host.stop(reason: "the test wants it")
    try await coordinator.state(.stopped)
    #expect(await host.result.stateDigest == "\(host.blueprint.header.base.state)")
    try await coordinator.end()
  }

  @Test func resultHasTheCoordinatorsOwnFigures() async throws {
    let run = try await FinishedRun()
    let result = await run.host.result
    let model = try FineTunedModel(
      path: run.federation.run.model, journal: result.journalPath, threads: 1)
    let expected = try model.evaluate(
      file: run.federation.folder.path("test.jsonl"), task: run.federation.run.task,
      batch: run.federation.run.batch)
    #expect(result.after == expected)
    #expect(result.before != nil)
    #expect(result.after != result.before)
    try await run.coordinator.end()
  }
}
