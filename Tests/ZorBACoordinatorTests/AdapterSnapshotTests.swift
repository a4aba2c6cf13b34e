import Testing
import ZorBA
import ZorBADiagnostics
import ZorBAOptimization
import ZorBASite

@testable import ZorBACoordinator

/// Snapshots of runs that train an adapter: the adapter alone, in PEFT's layout.
@Suite(.timeLimit(.minutes(1))) struct AdapterSnapshotTests {
  @Test func snapshotAndTheRestAreTheWhole() async throws {
    let run = try ReplicaUnderTest { $0.adapter = .small }
    run.start()
    try run.commit(upTo: 5)
    try await run.settle()
    try run.commit(upTo: 8)
    #expect("\(try await run.state(after: 8).state)" == run.simulated.stateDigest)
    try await run.settle()
    let newest = try #require(run.replica.shelf.newest(atOrBefore: 8))
    #expect(newest.round == 6)
    #expect(
      newest.library.files.map(\.name) == ["adapter_config.json", "adapter_model.safetensors"])
    #expect(
      !(try text(of: "\(newest.folder)/adapter_config.json")).contains(run.federation.folder.path))
    let origin = WeightOrigin.snapshot(folder: newest.folder, newest.claim)
    #expect(try run.site(from: origin, upTo: 6).stateDigest == newest.claim.state)
    #expect(try run.site(from: origin, upTo: 8).stateDigest == run.site(upTo: 8).stateDigest)
    // A replica of another process takes it up.
    try run.restart()
    #expect("\(try await run.state(after: 8).state)" == run.simulated.stateDigest)
    #expect(run.warnings.isEmpty)
    try await run.settle()
    try damage("\(newest.folder)/adapter_model.safetensors")
    let refusal = #expect(throws: ZorBAError.self) { try run.site(from: origin, upTo: 8) }
    #expect(refusal?.code == .invalidModel)
  }

  /// The folder of a snapshot that has another adapter than the run's is no reason to crash.
  @Test func otherAdaptersAreRefused() async throws {
    let run = try ReplicaUnderTest { $0.adapter = .small }
    run.start()
    try run.commit(upTo: 8)
    try await run.settle()
    let newest = try #require(run.replica.shelf.newest(atOrBefore: 8))
    let other = try ReplicaUnderTest {
      $0.adapter = .small
      $0.adapter?.rank = 3
    }
    other.start()
    try other.commit(upTo: 8)
    try await other.settle()
    let foreign = try #require(other.replica.shelf.newest(atOrBefore: 8))
    for name in foreign.library.files.map(\.name) {
      try write(contents(of: "\(foreign.folder)/\(name)"), to: "\(newest.folder)/\(name)")
    }
    let refusal = #expect(throws: ZorBAError.self) {
      try run.site(from: .snapshot(folder: newest.folder, newest.claim), upTo: 8)
    }
    #expect(refusal?.code == .invalidModel)
  }

  /// A site that has nothing fetches the base model, and the adapter as of a round.
  @Test func lateSiteBeginsFromASnapshot() async throws {
    let run = try await ReplicaDownloadTests.FinishedRun { $0.adapter = .small }
    #expect(try run.shelf.newest(atOrBefore: 8)?.round == 6)
    let late = try await run.late(["snapshots: always"])
    #expect(try await late.outcome == run.outcome)
    #expect(exists(run.state("model/model.safetensors")))
    let fetched = late.notices.all.compactMap { (notice: AgentNotice) -> String? in
      if case .downloading(let name, _, _) = notice { name } else { nil }
    }
    #expect(fetched.contains("adapter_model.safetensors"))
    #expect(late.warnings.isEmpty)
    try await run.coordinator.end()
  }
}
