import Testing
import ZorBADiagnostics
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

@Suite struct LocalTrajectoryTests {
  /// In binary32 nothing is rounded between steps, so a trajectory ends where a commit of the same
  /// scalars ends.
  @Test(arguments: SeedingMode.allCases)
  func trajectoryInBinary32EqualsTheCommitOfItsScalars(_ seeding: SeedingMode) throws {
    var generator = SeededGenerator(seed: 21)
    let parameters = try TestModel.parameters([
      [(.float32, [50])], [(.float32, [3, 45]), (.float32, [7])], [(.float32, [64])],
    ])
    TestModel.fill(parameters, using: &generator)
    let context = try ComputeContext(threads: 2)
    let updater = WeightUpdater(
      parameters: parameters,
      schedule: DirectionSchedule(
        runKey: RunKey(seed: 6), seeding: seeding, distribution: .gaussian), context: context)
    let blocks = [1, 2]
    let before = TestModel.bytes(parameters)
    let snapshot = try BlockSnapshot(of: blocks, in: parameters, context: context)
    #expect(snapshot.byteCount == 4 * (3 * 45 + 7 + 64))

    // [steps, directions]
    let scalars = (0..<3).map { _ in (0..<2).map { _ in generator.normal() } }
    let trajectory = LocalTrajectory(
      updater: updater, round: 5, client: 2, blocks: blocks, learningRate: 0.01)
    for (step, values) in scalars.enumerated() {
      try trajectory.advance(step: step, scalars: values)
    }
    let moved = TestModel.bytes(parameters)
    #expect(moved[0] == before[0])
    #expect(moved[1] != before[1])

    snapshot.restore()
    #expect(TestModel.bytes(parameters) == before)

    let round = try Aggregation(
      round: 5, seeding: seeding, learningRate: 0.01, directions: 2, steps: 3
    ).commit([
      ClientResult(client: 2, weight: 3, blocks: blocks, scalars: scalars.flatMap { $0 })
    ])
    try updater.apply(round)
    #expect(TestModel.bytes(parameters) == moved)
  }

  @Test func snapshotsRestoreEveryBitAndCanBeTakenAgain() throws {
    for seed in 0..<20 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let parameters = try TestModel.random(using: &generator)
      TestModel.fill(parameters, using: &generator)
      let context = try ComputeContext(threads: 3)
      let blocks = parameters.blocks.indices.filter { _ in Bool.random(using: &generator) }
      let snapshot = try BlockSnapshot(of: blocks, in: parameters, context: context)
      for _ in 0..<2 {
        let before = TestModel.bytes(parameters)
        snapshot.capture()
        let trajectory = LocalTrajectory(
          updater: WeightUpdater(
            parameters: parameters,
            schedule: DirectionSchedule(
              runKey: RunKey(seed: seed), seeding: .perClient, distribution: .popcount),
            context: context), round: 1, client: 1, blocks: blocks, learningRate: 0.1)
        for step in 0..<3 { try trajectory.advance(step: step, scalars: [generator.normal()]) }
        snapshot.restore()
        #expect(TestModel.bytes(parameters) == before)
        TestModel.fill(parameters, using: &generator)
      }
    }
  }

  @Test func infiniteScalarMovesNothing() throws {
    let parameters = try TestModel.parameters([[(.float32, [50])]])
    let before = TestModel.bytes(parameters)
    let trajectory = LocalTrajectory(
      updater: WeightUpdater(
        parameters: parameters,
        schedule: DirectionSchedule(
          runKey: RunKey(seed: 6), seeding: .shared, distribution: .gaussian),
        context: try ComputeContext(threads: 1)),
      round: 1, client: 1, blocks: [0], learningRate: 0.1)
    let error = #expect(throws: ZorBAError.self) {
      try trajectory.advance(step: 0, scalars: [1, .infinity])
    }
    #expect(error?.code == .diverged)
    #expect(TestModel.bytes(parameters) == before)
  }
}
