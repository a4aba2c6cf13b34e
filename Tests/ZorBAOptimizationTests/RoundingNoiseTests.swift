import CZorBAKernels
import Testing
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

@Suite struct RoundingNoiseTests {
  private func updater(_ parameters: ParameterSet) throws -> WeightUpdater {
    WeightUpdater(
      parameters: parameters,
      schedule: DirectionSchedule(
        runKey: RunKey(seed: 61), seeding: .shared, distribution: .gaussian),
      context: try ComputeContext(threads: 2))
  }

  private func round(_ coefficient: Float, number: UInt64 = 1) throws -> CommittedRound {
    try CommittedRound(
      number: number, learningRate: 1, directions: 2, participants: [1],
      coefficients: .shared([.init(block: 0, values: [coefficient, coefficient])]))
  }

  /// The predicted variance is the one the update really adds: the squared errors of 20 rounds on
  /// 32768 elements agree in the mean within 5 standard errors, which are below 15 %.
  @Test(arguments: [DType.bfloat16, .float16], [1e-5, 1e-4, 1e-2] as [Float])
  func predictionEqualsWhatTheUpdateDoes(_ dtype: DType, _ coefficient: Float) throws {
    var generator = SeededGenerator(seed: 62)
    let shape = [128, 256]
    let parameters = try TestModel.parameters([[(dtype, shape)]])
    let exact = try TestModel.parameters([[(.float32, shape)]])
    TestModel.fill(parameters, using: &generator)
    let start = TestModel.bytes(parameters)
    let (stored, wide) = (parameters.blocks[0][0].tensor, exact.blocks[0][0].tensor)
    let (updater, exactUpdater) = (try updater(parameters), try updater(exact))
    func expanded() -> [Float] {
      updater.context.kernels.expand(
        stored.bytes, dtype.kernelCode, stored.elementCount,
        wide.bytes.assumingMemoryBound(to: Float.self))
      return TestModel.floats(wide)
    }

    var predicted = (energy: 0.0, noise: 0.0)
    var found = (energy: 0.0, noise: 0.0, noiseSquares: 0.0)
    let rounds = 20
    for number in 1...UInt64(rounds) {
      let round = try round(coefficient, number: number)
      TestModel.restore(start, to: parameters)
      let before = expanded()
      try exactUpdater.apply(round)
      let target = TestModel.floats(wide)
      let noise = try #require(
        updater.roundingNoise(of: round, samplesPerBlock: before.count).first)
      predicted.energy += noise.updateEnergy
      predicted.noise += noise.roundingVariance
      try updater.apply(round)
      for ((old, new), rounded) in zip(zip(before, target), expanded()) {
        let step = Double(new) - Double(old)
        let error = Double(rounded) - Double(new)
        found.energy += step * step
        found.noise += error * error
        found.noiseSquares += error * error * error * error
      }
    }
    let count = Double(rounds * stored.elementCount)
    let measured = found.noise / count
    let standardError = (found.noiseSquares).squareRoot() / count
    #expect(abs(predicted.energy / Double(rounds) / (found.energy / count) - 1) < 0.01)
    #expect(standardError < 0.15 * measured)
    #expect(abs(predicted.noise / Double(rounds) - measured) < 5 * standardError)
  }

  /// Updates far below the last place drown, updates far above it do not.
  @Test func dominanceFollowsTheSizeOfTheUpdate() throws {
    var generator = SeededGenerator(seed: 64)
    let parameters = try TestModel.parameters([[(.bfloat16, [64, 64])]])
    TestModel.fill(parameters, using: &generator)
    let updater = try updater(parameters)
    let small = try #require(updater.roundingNoise(of: try round(1e-6)).first)
    let large = try #require(updater.roundingNoise(of: try round(0.3)).first)
    #expect(small.dominates && small.fraction > 0.99)
    #expect(!large.dominates && large.fraction < 0.01)
  }

  @Test func binary32HasNoNoise() throws {
    var generator = SeededGenerator(seed: 63)
    let parameters = try TestModel.parameters([[(.float32, [300])], [(.bfloat16, [300])]])
    TestModel.fill(parameters, using: &generator)
    let before = TestModel.bytes(parameters)
    let noise = try updater(parameters).roundingNoise(of: try round(1e-6))
    #expect(noise.map(\.block) == [0])
    #expect(noise.first?.fraction == 0)
    #expect(noise.first?.dominates == false)
    #expect(TestModel.bytes(parameters) == before)
  }
}
