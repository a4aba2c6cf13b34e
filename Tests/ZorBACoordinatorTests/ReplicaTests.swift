import Testing
import ZorBA
import ZorBADiagnostics
import ZorBAOptimization

@testable import ZorBACoordinator

/// A coordinator's copy of the model is every other copy, bit for bit, whatever it went through.
@Suite(.timeLimit(.minutes(1))) struct ReplicaTests {
  /// How weights are stored while a run lasts.
  static let precisions: [WeightPrecision] = [.float32, .bfloat16]

  @Test(arguments: precisions) func knowsWhatSimulationAndSitesKnow(
    _ precision: WeightPrecision
  ) async throws {
    let run = try ReplicaUnderTest { $0.precision = precision }
    run.start()
    for round in 1...8 {
      try run.commit(upTo: round)
      try await run.settle()
    }
    let state = try await run.state(after: 8)
    #expect("\(state.state)" == run.simulated.stateDigest)
    #expect(try run.site(upTo: 8).stateDigest == state)
    #expect(run.evaluations[0] == run.simulated.before)
    #expect(run.evaluations[8] == run.simulated.after)
    for (round, evaluation) in run.simulated.evaluations {
      #expect(run.evaluations[round] == evaluation)
    }
    #expect(Set(run.evaluations.keys) == [0, 3, 6, 8])
    for round in 2...8 {
      let block = try #require(run.blueprint.digestBlock(round: round))
      let site = try run.site(upTo: round - 1)
      #expect(
        run.digests[round] == (try site.digests(ofBlocks: [block])[0].bytes.prefix(8)).map { $0 })
    }
    #expect(run.warnings.isEmpty)
  }

  @Test(arguments: precisions) func snapshotAndTheRestAreTheWhole(
    _ precision: WeightPrecision
  ) async throws {
    let run = try ReplicaUnderTest(snapshotEvery: 2) { $0.precision = precision }
    run.start()
    // The second half comes as from a backlog.
    try run.commit(upTo: 5)
    try await run.settle()
    try run.commit(upTo: 8)
    try await run.settle()
    let newest = try #require(run.replica.shelf.newest(atOrBefore: 7))
    #expect(try run.snapshotRounds.contains(newest.round))
    #expect(try run.snapshotRounds.count <= 2)
    let origin = WeightOrigin.snapshot(folder: newest.folder, newest.claim)
    #expect(try run.site(from: origin, upTo: newest.round).stateDigest == newest.claim.state)
    #expect(
      try run.site(from: origin, upTo: 8).stateDigest == run.site(upTo: 8).stateDigest)
    #expect(try newest.claim.isOf(journalAt: run.folder.journal))
  }

  @Test func damagedSnapshotIsRefused() async throws {
    let run = try ReplicaUnderTest()
    run.start()
    try run.commit(upTo: 8)
    try await run.settle()
    let snapshot = try #require(run.replica.shelf.newest(atOrBefore: 8))
    try damage("\(snapshot.folder)/model.safetensors")
    let refusal = #expect(throws: ZorBAError.self) {
      try run.site(from: .snapshot(folder: snapshot.folder, snapshot.claim), upTo: 8)
    }
    #expect(refusal?.code == .invalidModel)
    // Neither is it used by the coordinator that made it.
    try run.restart()
    #expect("\(try await run.state(after: 8).state)" == run.simulated.stateDigest)
    #expect(run.warnings.count == 1)
    try await run.settle()
  }

  @Test func rollingBackTakesSnapshotsAway() async throws {
    let run = try ReplicaUnderTest()
    run.start()
    try run.commit(upTo: 5)
    try await run.settle()
    try run.commit(upTo: 8)
    try await run.settle()
    #expect(try run.snapshotRounds == [3, 6])
    let later = try #require(run.replica.shelf.snapshot(of: 6))
    try run.rollBack(to: 4)
    #expect(!exists(later.folder))
    #expect(run.replica.shelf.newest(atOrBefore: 8)?.round == 3)
    try await run.settle()
    #expect(try run.snapshotRounds == [3])
    #expect(try await run.state(after: 4) == run.site(upTo: 4).stateDigest)
    try run.commitAgain(after: 4)
    #expect("\(try await run.state(after: 8).state)" == run.simulated.stateDigest)
    try await run.settle()
    #expect(try run.snapshotRounds == [3, 6])
  }

  @Test func comesBackInTheMiddleOfASnapshot() async throws {
    let run = try ReplicaUnderTest()
    run.start()
    try run.commit(upTo: 3)
    try await run.settle()
    #expect(try run.snapshotRounds == [3])
    // The process ends while the next one is being written, and rounds are committed that nobody
    // told the replica of.
    let unfinished = "\(run.replica.shelf.folder)/round-000006.partial"
    try write([1, 2, 3], to: unfinished + "/model.safetensors")
    // A folder that is whole, of a history that was taken back before the process ended.
    let foreign = try #require(run.replica.shelf.snapshot(of: 3))
    let copy = "\(run.replica.shelf.folder)/round-000005"
    try copyFolder(foreign.folder, to: copy)
    try run.commit(upTo: 7, tells: false)
    try run.restart()
    #expect(try await run.state(after: 7) == run.site(upTo: 7).stateDigest)
    try await run.settle()
    #expect(!exists(unfinished))
    #expect(!exists(copy))
    #expect(try run.snapshotRounds == [3, 6])
    #expect(run.warnings.count == 1)
  }

  /// A place that cannot be written to costs the snapshot only.
  @Test func snapshotsMayFail() async throws {
    let run = try ReplicaUnderTest()
    try write([], to: run.replica.shelf.folder)
    run.start()
    try run.commit(upTo: 8)
    #expect("\(try await run.state(after: 8).state)" == run.simulated.stateDigest)
    try await run.settle()
    #expect(run.replica.shelf.newest(atOrBefore: 8) == nil)
    #expect(!run.warnings.isEmpty)
  }
}
