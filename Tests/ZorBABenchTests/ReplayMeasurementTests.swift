import Testing
import ZorBABench
import ZorBADiagnostics
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

@Suite struct ReplayMeasurementTests {
  /// More rounds than are fused into one pass.
  @Test(arguments: ["opt", "opt-bf16"])
  func aReplayEqualsRoundsOneByOne(name: String) throws {
    let count = 1030
    let fused = try GoldenModel.open(name)
    let single = try GoldenModel.open(name, threads: 1)
    let before = fused.digests
    var options = ReplayMeasurement.Options(rounds: count)
    options.directions = 2
    options.distribution = .popcount
    let result = try ReplayMeasurement(fused, options: options).run()
    #expect(result.rounds == count)
    #expect(result.parameters == fused.parameterCount())

    let rounds = SyntheticRounds(
      seed: options.seed, distribution: .popcount, directions: 2,
      blocks: Array(single.model.parameters.blocks.indices))
    let updater = WeightUpdater(
      parameters: single.model.parameters, schedule: rounds.schedule, context: single.context)
    for number in 1...count { try updater.apply(rounds.round(UInt64(number))) }
    #expect(fused.digests == single.digests)
    #expect(zip(before, fused.digests).allSatisfy { $0 != $1 })
  }

  @Test func impossibleOptionsNameTheirFlag() throws {
    let subject = try GoldenModel.open()
    var error = #expect(throws: ZorBAError.self) {
      try ReplayMeasurement(subject, options: .init(rounds: 0))
    }
    #expect(error?.location.field == "--rounds")
    var options = ReplayMeasurement.Options(rounds: 1)
    options.directions = 4097
    error = #expect(throws: ZorBAError.self) { try ReplayMeasurement(subject, options: options) }
    #expect(error?.location.field == "--directions")
  }
}
