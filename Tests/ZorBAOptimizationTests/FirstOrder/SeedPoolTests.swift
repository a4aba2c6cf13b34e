import CZorBAKernels
import Testing
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

/// Directions from a pool: which are drawn, and that their coefficients are the model.
@Suite struct SeedPoolTests {
  private func schedule(_ count: Int?) -> DirectionSchedule {
    DirectionSchedule(
      runKey: RunKey(seed: 5), seeding: .perClient, distribution: .gaussian,
      pool: count.flatMap { SeedPool(count: $0) })
  }

  @Test func everyDirectionIsOfThePoolAndAllAreDrawnAlike() throws {
    let schedule = schedule(16)
    let pool = try #require(schedule.pool)
    let known = (0..<16).map { pool.seed($0, runKey: schedule.runKey) }
    #expect(Set(known).count == 16)
    var counts = [Int](repeating: 0, count: 16)
    let draws = 8000
    for draw in 0..<draws {
      let direction = schedule.direction(
        round: UInt64(draw / 40 + 1), step: draw % 5, index: draw / 5 % 2,
        client: UInt32(draw / 10 % 4 + 1))
      let place = try #require(known.firstIndex(of: direction.seed))
      counts[place] += 1
    }
    // 500 expected; 7 standard deviations.
    #expect(counts.allSatisfy { abs($0 - draws / 16) < 155 })
    #expect(SeedPool(count: 0) == nil && SeedPool(count: 1 << 21) == nil)
    #expect(pool.place(drawn: .max) == 15 && pool.place(drawn: 0) == 0)
  }

  @Test func withoutAPoolNothingChanges() {
    let (plain, pooled) = (schedule(nil), schedule(4096))
    let direction = plain.direction(round: 3, step: 1, index: 0, client: 2)
    #expect(
      direction.seed
        == RunKey(seed: 5).seed(round: 3, step: 1, direction: 0, client: 2))
    #expect(pooled.direction(round: 3, step: 1, index: 0, client: 2) != direction)
    #expect(pooled.roundingSeed(round: 3) == plain.roundingSeed(round: 3))
  }

  /// K coefficients applied to the base are the weights of all rounds, but for rounding.
  @Test func coefficientsOfThePoolAreTheModel() throws {
    var random = SeededGenerator(seed: 6)
    let schedule = schedule(8)
    let context = try ComputeContext(threads: 2)
    let parameters = try TestModel.parameters([
      [(.float32, [9, 33])], [(.float32, [50]), (.float32, [4, 4])],
    ])
    TestModel.fill(parameters, using: &random)
    let base = TestModel.bytes(parameters)
    let updater = WeightUpdater(parameters: parameters, schedule: schedule, context: context)
    var pool = try #require(PoolCoefficients(schedule: schedule, blockCount: 2))
    for number in 1...30 {
      let clients: [UInt32] = [1, 2, 4]
      let round = try CommittedRound(
        number: UInt64(number), learningRate: 0.1, directions: 2, steps: 3,
        participants: clients,
        coefficients: .perClient(
          clients.map { client in
            .init(
              client: client,
              blocks: (client == 2 ? [1] : [0, 1]).map { block in
                .init(
                  block: block,
                  values: (0..<6).map { _ in Float.random(in: -0.1...0.1, using: &random) })
              })
          }))
      try updater.apply(round)
      pool.add(round)
    }
    let journal = parameters.all.map { TestModel.floats($0.tensor) }
    TestModel.restore(base, to: parameters)
    // One round whose shared directions are the pool's, applied seed by seed.
    let plain = DirectionSchedule(
      runKey: schedule.runKey, seeding: .shared, distribution: .gaussian)
    let seeds = (0..<8).map { try? #require(schedule.pool).seed($0, runKey: schedule.runKey) }
    for (place, seed) in seeds.enumerated() {
      let direction = Direction(seed: try #require(seed), distribution: plain.distribution)
      for (block, coefficients) in pool.blocks.enumerated() {
        for parameter in parameters.blocks[block] {
          let tensor = parameter.tensor
          let values = try Self.noise(direction, parameter, context: context)
          for index in 0..<tensor.elementCount {
            let old = tensor.bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
            tensor.bytes.storeBytes(
              of: old + Float(coefficients[place]) * values[index], toByteOffset: 4 * index,
              as: Float.self)
          }
        }
      }
    }
    for (parameter, expected) in zip(parameters.all, journal) {
      for (left, right) in zip(TestModel.floats(parameter.tensor), expected) {
        #expect(abs(left - right) < 2e-5)
      }
    }
  }

  /// z of one tensor: what a coefficient of 1 adds to zeros.
  private static func noise(
    _ direction: Direction, _ parameter: Parameter, context: ComputeContext
  ) throws -> [Float] {
    let tensor = parameter.tensor
    let buffer = try AlignedBuffer(byteCount: tensor.byteCount)
    for row in 0..<tensor.rowCount {
      let length = tensor.rowLength
      let out = (buffer.bytes + 4 * row * length).bindMemory(to: Float.self, capacity: length)
      var restricted = direction.restricted(to: parameter.id)
      context.kernels.perturbation(&restricted, UInt32(row), 0, length, out)
    }
    return (0..<tensor.elementCount).map {
      buffer.bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
    }
  }
}
