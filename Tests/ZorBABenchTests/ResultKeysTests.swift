import Testing
import ZorBAJSON
import ZorBATensor

@testable import ZorBABench

/// Scripts read these objects: keys are added with care and never renamed.
@Suite struct ResultKeysTests {
  private func keys(_ value: JSONValue?) -> [String] { value?.object?.members.map(\.key) ?? [] }

  @Test func step() throws {
    var options = StepMeasurement.Options()
    (options.batch, options.sequence, options.steps) = (2, 4, 1)
    let json = try StepMeasurement(GoldenModel.open(), options: options).run().json
    #expect(
      keys(json) == [
        "step_seconds", "forward_seconds", "update_seconds", "private_bytes", "peak_bytes",
        "weights_bytes", "predicted_bytes", "gflops", "isa", "threads", "tokens", "parameters",
        "loss",
      ])
    #expect(keys(json["step_seconds"]) == ["min", "median", "max"])
    #expect(json["tokens"]?.integer == 8)
    #expect(json["threads"]?.integer == 2)
  }

  @Test func gemm() throws {
    var options = GemmMeasurement.Options(m: 2, k: 3, n: 5)
    options.repeats = 1
    let json = try GemmMeasurement(options, context: ComputeContext(threads: 1)).run().json
    #expect(keys(json) == ["seconds", "gflops", "peak_gflops", "fraction_of_peak", "isa"])
    #expect(keys(json["seconds"]) == ["min", "median", "max"])
  }

  @Test func replay() throws {
    let json = try ReplayMeasurement(GoldenModel.open(), options: .init(rounds: 2)).run().json
    #expect(
      keys(json) == [
        "seconds", "rounds", "rounds_per_second", "parameters",
        "nanoseconds_per_parameter_round", "isa", "threads",
      ])
    #expect(json["rounds"]?.integer == 2)
  }

  @Test func peak() {
    let limits = PeakResult.Limits(float32Gflops: 2, bfloat16Gflops: nil, bandwidth: 3)
    let json = PeakResult(
      all: limits, oneThread: limits, threads: 4, instructionSet: .scalar
    ).json
    let figures = ["float32_gflops", "bfloat16_gflops", "bandwidth_gbytes_per_second"]
    #expect(keys(json) == figures + ["threads", "isa", "one_thread"])
    #expect(keys(json["one_thread"]) == figures)
    #expect(json["bfloat16_gflops"]?.isNull == true)
  }

  @Test func derivedFigures() {
    let gemm = GemmResult(
      seconds: Spread([0.5, 2, 1]), operations: 4e9, peakGflops: 16, instructionSet: .scalar)
    #expect(gemm.gflops == 4)
    #expect(gemm.fractionOfPeak == 0.25)
    let replay = ReplayResult(
      seconds: 2, rounds: 10, parameters: 1000, instructionSet: .scalar, threads: 1)
    #expect(replay.roundsPerSecond == 5)
    #expect(replay.nanosecondsPerParameterRound == 200_000)
    let limits = PeakResult.Limits(float32Gflops: 100, bfloat16Gflops: 400, bandwidth: 1)
    #expect(limits.gflops(for: .bfloat16) == 400)
    #expect(limits.gflops(for: .float32) == 100)
  }
}
