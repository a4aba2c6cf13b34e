import Testing
import ZorBADiagnostics
import ZorBAOptimization
import ZorBATestSupport

@Suite struct AggregationTests {
  private func results(
    _ generator: inout SeededGenerator, scalar: Double? = nil, count: Int = 3
  ) -> [ClientResult] {
    (1...Int.random(in: 1...9, using: &generator)).map { client in
      let blocks = (0..<6).filter { _ in Bool.random(using: &generator) }
      return ClientResult(
        client: UInt32(client * 3), weight: Double.random(in: 0.1...100, using: &generator),
        blocks: blocks.isEmpty ? [4] : blocks,
        scalars: (0..<count).map { _ in scalar ?? generator.normal() })
    }
  }

  private func aggregation(
    _ seeding: SeedingMode, directions: Int = 3, weightDecay: Double = 0
  ) -> Aggregation {
    Aggregation(
      round: 1, seeding: seeding, learningRate: 0.25, directions: directions,
      weightDecay: weightDecay)
  }

  /// When all clients say the same, weights that sum to 1 say it again.
  @Test func sharesSumToOneOnEveryBlock() throws {
    for seed in 0..<200 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let results = results(&generator, scalar: 2, count: 1)
      let expected = Double(-0.5)
      let shared = try aggregation(.shared, directions: 1).commit(results)
      guard case .shared(let blocks) = shared.coefficients else {
        Issue.record("a shared round is expected")
        return
      }
      for block in blocks {
        for value in block.values { #expect(abs(Double(value) - expected) < 1e-6) }
      }
      let perClient = try aggregation(.perClient, directions: 1).commit(results)
      guard case .perClient(let clients) = perClient.coefficients else {
        Issue.record("a round per client is expected")
        return
      }
      var sums: [Int: Double] = [:]
      for client in clients {
        for block in client.blocks {
          for value in block.values { sums[block.block, default: 0] += Double(value) }
        }
      }
      #expect(sums.keys.sorted() == blocks.map(\.block))
      for sum in sums.values { #expect(abs(sum - expected) < 1e-6) }
    }
  }

  @Test func uncoveredBlocksAreAbsent() throws {
    for seed in 0..<100 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let results = results(&generator)
      let covered = Set(results.flatMap(\.blocks)).sorted()
      for seeding in SeedingMode.allCases {
        #expect(try aggregation(seeding).commit(results).coveredBlocks == covered)
      }
    }
  }

  @Test func orderOfArrivalChangesNoBit() throws {
    for seed in 0..<100 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let results = results(&generator)
      for seeding in SeedingMode.allCases {
        let commit = try aggregation(seeding).commit(results)
        for _ in 0..<5 {
          let shuffled = results.shuffled(using: &generator)
          #expect(try aggregation(seeding).commit(shuffled) == commit)
        }
      }
    }
  }

  @Test func coefficientsAreRoundedOnceFromBinary64() throws {
    let results = [
      ClientResult(client: 1, weight: 1, blocks: [0], scalars: [0.1, 7, -3]),
      ClientResult(client: 2, weight: 3, blocks: [0, 1], scalars: [0.3, 1, 1]),
    ]
    let commit = try aggregation(.shared, weightDecay: 0.01).commit(results)
    let both = [0.25 * 0.1 + 0.75 * 0.3, 0.25 * 7 + 0.75, 0.25 * -3 + 0.75]
    #expect(
      commit.coefficients
        == .shared([
          .init(block: 0, values: both.map { Float(-(0.25 / 3) * $0) }),
          .init(block: 1, values: [0.3, 1, 1].map { Float(-(0.25 / 3) * $0) }),
        ]))
    #expect(commit.participants == [1, 2])
    #expect(commit.decay == Float(1 - 0.25 * 0.01))
    #expect(ClientWeighting.examples.weight(examples: 12) == 12)
    #expect(ClientWeighting.uniform.weight(examples: 12) == 1)
  }

  @Test func malformedAnswersAreRefused() throws {
    let good = ClientResult(client: 1, weight: 1, blocks: [0, 2], scalars: [1, 2, 3])
    func variant(_ change: (inout ClientResult) -> Void) -> ClientResult {
      var result = good
      change(&result)
      return result
    }
    let malformed: [[ClientResult]] = [
      [], [good, good], [variant { $0.client = 0 }], [variant { $0.weight = 0 }],
      [variant { $0.weight = .nan }], [variant { $0.weight = .infinity }],
      [variant { $0.blocks = [] }], [variant { $0.blocks = [2, 0] }],
      [variant { $0.blocks = [1, 1] }], [variant { $0.blocks = [-1] }],
      [variant { $0.blocks = [1 << 20] }], [variant { $0.scalars = [1, 2] }],
    ]
    for results in malformed {
      let error = #expect(throws: ZorBAError.self) {
        try aggregation(.shared).commit(results)
      }
      #expect(error?.code == .invalidData)
    }
    for scalar in [Double.nan, .infinity, 1e300] {
      let error = #expect(throws: ZorBAError.self) {
        try aggregation(.shared).commit([variant { $0.scalars[1] = scalar }])
      }
      #expect(error?.code == .diverged)
    }
  }

  @Test func roundsHoldTheirInvariants() throws {
    func make(
      number: UInt64 = 1, learningRate: Double = 1, directions: Int = 1, steps: Int = 1,
      decay: Float = 1, participants: [UInt32] = [1], _ values: [Float] = [1]
    ) throws -> CommittedRound {
      try CommittedRound(
        number: number, learningRate: learningRate, directions: directions, steps: steps,
        decay: decay, participants: participants,
        coefficients: .shared([.init(block: 0, values: values)]))
    }
    #expect(try make().coefficientCount == 1)
    #expect(throws: ZorBAError.self) { try make(number: 0) }
    #expect(throws: ZorBAError.self) { try make(learningRate: .nan) }
    #expect(throws: ZorBAError.self) { try make(learningRate: -1) }
    #expect(throws: ZorBAError.self) { try make(directions: 0, []) }
    #expect(throws: ZorBAError.self) { try make(directions: 4097) }
    #expect(throws: ZorBAError.self) { try make(steps: 0, []) }
    #expect(throws: ZorBAError.self) { try make(steps: 2) }
    #expect(throws: ZorBAError.self) { try make(decay: 0) }
    #expect(throws: ZorBAError.self) { try make(decay: .nan) }
    #expect(throws: ZorBAError.self) { try make(decay: 1.5) }
    #expect(throws: ZorBAError.self) { try make(participants: [2, 1]) }
    #expect(throws: ZorBAError.self) { try make(participants: [0]) }
    #expect(throws: ZorBAError.self) { try make([.infinity]) }
    #expect(throws: ZorBAError.self) {
      try CommittedRound(
        number: 1, learningRate: 1, directions: 1, participants: [1, 2],
        coefficients: .perClient([.init(client: 1, blocks: [])]))
    }
  }
}
