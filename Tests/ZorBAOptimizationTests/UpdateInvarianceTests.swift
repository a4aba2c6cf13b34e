import Testing
import ZorBADiagnostics
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

/// The update's bits do not depend on how the work is cut.
@Suite struct UpdateInvarianceTests {
  @Test(arguments: 0..<40)
  func fusingThreadsAndInstructionsChangeNoBit(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let parameters = try TestModel.random(using: &generator)
    TestModel.fill(parameters, using: &generator)
    let before = TestModel.bytes(parameters)
    let seeding = SeedingMode.allCases.randomElement(using: &generator) ?? .shared
    let schedule = DirectionSchedule(
      runKey: RunKey(seed: seed), seeding: seeding,
      distribution: PerturbationDistribution.allCases.randomElement(using: &generator)
        ?? .gaussian)
    let rounds = try CommittedRound.random(
      count: Int.random(in: 1...8, using: &generator), seeding: seeding,
      blockCount: parameters.blocks.count, using: &generator)

    let scalar = try ComputeContext(instructionSet: .scalar, threads: 1)
    let reference = WeightUpdater(
      parameters: parameters, schedule: schedule, context: scalar)
    for round in rounds { try reference.apply(round) }
    let expected = TestModel.bytes(parameters)

    for instructionSet in InstructionSet.available {
      for threads in [1, 2, 5] {
        let context = try ComputeContext(instructionSet: instructionSet, threads: threads)
        let updater = WeightUpdater(
          parameters: parameters, schedule: schedule, context: context)
        TestModel.restore(before, to: parameters)
        try updater.apply(rounds)
        #expect(TestModel.bytes(parameters) == expected, "fused, \(instructionSet) x\(threads)")

        TestModel.restore(before, to: parameters)
        let cut = Int.random(in: 0...rounds.count, using: &generator)
        try updater.apply(Array(rounds[..<cut]))
        try updater.apply(Array(rounds[cut...]))
        #expect(TestModel.bytes(parameters) == expected, "cut, \(instructionSet) x\(threads)")
      }
    }
  }

  /// One row and one matrix that need several pieces, and more terms than one pass takes.
  @Test func manyPiecesAndManyPassesChangeNoBit() throws {
    var generator = SeededGenerator(seed: 99)
    let parameters = try TestModel.parameters([
      [(.bfloat16, [140_001])], [(.float32, [3, 70_000]), (.float16, [700, 101])],
    ])
    TestModel.fill(parameters, using: &generator)
    let before = TestModel.bytes(parameters)
    let schedule = DirectionSchedule(
      runKey: RunKey(seed: 5), seeding: .shared, distribution: .rademacher)
    let rounds = try CommittedRound.random(
      count: 5, seeding: .shared, blockCount: 2, using: &generator)
    let updater = WeightUpdater(
      parameters: parameters, schedule: schedule, context: try ComputeContext(threads: 5))
    try updater.apply(rounds)
    let expected = TestModel.bytes(parameters)

    TestModel.restore(before, to: parameters)
    let single = WeightUpdater(
      parameters: parameters, schedule: schedule,
      context: try ComputeContext(instructionSet: .scalar, threads: 1))
    for round in rounds { try single.apply(round) }
    #expect(TestModel.bytes(parameters) == expected)

    let small = try TestModel.parameters([[(.bfloat16, [40])]])
    TestModel.fill(small, using: &generator)
    let smallBefore = TestModel.bytes(small)
    let long = try (1...3).map { number in
      try CommittedRound(
        number: UInt64(number), learningRate: 1, directions: 4096, participants: [1],
        coefficients: .shared([
          .init(block: 0, values: (0..<4096).map { _ in Float(generator.normal() * 1e-4) })
        ]))
    }
    let smallUpdater = WeightUpdater(
      parameters: small, schedule: schedule, context: try ComputeContext(threads: 2))
    try smallUpdater.apply(long)
    let smallExpected = TestModel.bytes(small)
    TestModel.restore(smallBefore, to: small)
    for round in long { try smallUpdater.apply(round) }
    #expect(TestModel.bytes(small) == smallExpected)
  }

  @Test func blocksWithoutCoefficientsKeepTheirBits() throws {
    var generator = SeededGenerator(seed: 1)
    let parameters = try TestModel.parameters([
      [(.float32, [40])], [(.bfloat16, [40])], [(.bfloat16, [40])],
    ])
    TestModel.fill(parameters, using: &generator)
    let before = TestModel.bytes(parameters)
    let round = try CommittedRound(
      number: 1, learningRate: 1, directions: 1, decay: 0.5, participants: [1],
      coefficients: .shared([.init(block: 1, values: [0.1])]))
    try updater(parameters, .shared).apply(round)
    let after = TestModel.bytes(parameters)
    #expect(after[0] == before[0])
    #expect(after[1] != before[1])
    #expect(after[2] == before[2])
  }

  @Test func faultyRoundsAreRefusedBeforeAnyWeightMoves() throws {
    var generator = SeededGenerator(seed: 2)
    let parameters = try TestModel.parameters([[(.float32, [40])], [(.float32, [40])]])
    TestModel.fill(parameters, using: &generator)
    let before = TestModel.bytes(parameters)
    let good = try CommittedRound.random(
      number: 3, seeding: .shared, blockCount: 2, using: &generator)
    let otherSeeding = try CommittedRound.random(
      number: 4, seeding: .perClient, blockCount: 2, using: &generator)
    let beyond = try CommittedRound(
      number: 4, learningRate: 1, directions: 1, participants: [1],
      coefficients: .shared([.init(block: 2, values: [0.1])]))
    for rounds in [[good, good], [good, otherSeeding], [good, beyond]] {
      let error = #expect(throws: ZorBAError.self) {
        try updater(parameters, .shared).apply(rounds)
      }
      #expect(error?.code == .invalidData)
      #expect(TestModel.bytes(parameters) == before)
    }
  }

  @Test(arguments: DType.allCases)
  func divergenceNamesBlockAndTensor(_ dtype: DType) throws {
    let parameters = try TestModel.parameters([[(.float32, [4])], [(dtype, [64]), (dtype, [64])]])
    let round = try CommittedRound(
      number: 8, learningRate: 1, directions: 2, participants: [1],
      coefficients: .shared([.init(block: 1, values: [3e38, 3e38])]))
    let error = #expect(throws: ZorBAError.self) {
      try updater(parameters, .shared).apply(round)
    }
    #expect(error?.code == .diverged)
    #expect(error?.location.field == "block1.000")
    #expect(error?.message.contains("block 1") == true)
    #expect(error?.message.contains("round 8") == true)
  }

  private func updater(_ parameters: ParameterSet, _ seeding: SeedingMode) throws -> WeightUpdater {
    WeightUpdater(
      parameters: parameters,
      schedule: DirectionSchedule(
        runKey: RunKey(seed: 11), seeding: seeding, distribution: .rademacher),
      context: try ComputeContext(threads: 2))
  }
}
