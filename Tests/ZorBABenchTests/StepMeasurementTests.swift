import Testing
import ZorBA
import ZorBABench
import ZorBADiagnostics
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

@Suite struct StepMeasurementTests {
  private func options(
    blocks: String = "all", _ change: (inout StepMeasurement.Options) -> Void = { _ in }
  ) throws -> StepMeasurement.Options {
    var options = StepMeasurement.Options()
    (options.batch, options.sequence, options.steps) = (3, 6, 2)
    options.blocks = try BlockSelection(parsing: blocks)
    change(&options)
    return options
  }

  @Test func theUpdateReachesEveryBlock() throws {
    let subject = try GoldenModel.open()
    let before = subject.digests
    _ = try StepMeasurement(subject, options: options()).run()
    #expect(zip(before, subject.digests).allSatisfy { $0 != $1 })
  }

  @Test func theUpdateLeavesOtherBlocksAlone() throws {
    let subject = try GoldenModel.open()
    let before = subject.digests
    _ = try StepMeasurement(subject, options: options(blocks: "2")).run()
    let changed = zip(before, subject.digests).map { $0 != $1 }
    #expect(changed.indices.filter { changed[$0] } == [2])
  }

  @Test func withoutPerturbationNothingChanges() throws {
    let subject = try GoldenModel.open()
    let before = subject.digests
    let result = try StepMeasurement(subject, options: options { $0.isUnperturbed = true }).run()
    #expect(before == subject.digests)
    #expect(result.update == 0)
  }

  /// What perturbing costs is the difference of two passes that do the same work.
  @Test(arguments: [StepMeasurement.Logits.all, .label], [1, 3])
  func withoutPerturbationTheWorkIsTheSame(
    logits: StepMeasurement.Logits, directions: Int
  ) throws {
    let subject = try GoldenModel.open()
    let perturbed = try options {
      $0.logits = logits
      $0.directions = directions
    }
    var plain = perturbed
    plain.isUnperturbed = true
    let first = try StepMeasurement(subject, options: perturbed)
    let second = try StepMeasurement(subject, options: plain)
    #expect(first.operations == second.operations)
    // Moving weights by a thousandth changes the loss of the same tokens by little.
    #expect(abs(try first.run().loss - second.run().loss) < 0.1)
  }

  /// A model of zeros finds all 96 tokens equally likely.
  @Test(arguments: [StepMeasurement.Logits.all, .label])
  func theLossIsTheMeanNegativeLogProbability(logits: StepMeasurement.Logits) throws {
    let subject = try GoldenModel.open()
    for parameter in subject.model.parameters.all {
      UnsafeMutableRawBufferPointer(
        start: parameter.tensor.bytes, count: parameter.tensor.byteCount
      ).initializeMemory(as: UInt8.self, repeating: 0)
    }
    let measured = try options {
      $0.isUnperturbed = true
      $0.logits = logits
    }
    let result = try StepMeasurement(subject, options: measured).run()
    #expect(abs(result.loss - 4.564348) < 1e-5)
    #expect(result.tokens == 18)
  }

  @Test func equalSeedsGiveEqualStepsForAnyThreads() throws {
    let one = try GoldenModel.open(threads: 1)
    let two = try GoldenModel.open(threads: 2)
    let losses = try [one, two].map { try StepMeasurement($0, options: options()).run().loss }
    #expect(losses[0] == losses[1])
    #expect(one.digests == two.digests)
    let other = try GoldenModel.open()
    _ = try StepMeasurement(other, options: options { $0.seed = 2 }).run()
    #expect(other.digests != one.digests)
  }

  @Test func foldersWithoutTokenizerOpenAtAnyPrecision() throws {
    let stored = try GoldenModel.open("opt-bf16")
    let wide = try GoldenModel.open("opt-bf16", precision: .float32)
    #expect(stored.weightsByteCount == 2 * stored.parameterCount())
    #expect(wide.weightsByteCount == 2 * stored.weightsByteCount)
    #expect(stored.parameterCount(blocks: [1]) < stored.parameterCount())
  }

  @Test func progressCountsTimedSteps() throws {
    var seen: [Int] = []
    _ = try StepMeasurement(GoldenModel.open(), options: options()).run { done, total in
      seen += [done, total]
    }
    #expect(seen == [1, 2, 2, 2])
  }

  @Test func impossibleOptionsNameTheirFlag() throws {
    let subject = try GoldenModel.open()
    func field(_ change: (inout StepMeasurement.Options) -> Void) throws -> String? {
      let options = try options(change)
      let error = #expect(throws: ZorBAError.self) {
        try StepMeasurement(subject, options: options)
      }
      #expect(error?.code == .invalidConfiguration)
      #expect(error?.advice != nil)
      return error?.location.field
    }
    #expect(try field { $0.batch = 0 } == "--batch")
    #expect(try field { $0.sequence = 0 } == "--seq")
    #expect(try field { $0.sequence = subject.model.configuration.maximumPositions + 1 } == "--seq")
    #expect(try field { $0.steps = 0 } == "--steps")
    #expect(try field { $0.directions = 0 } == "--directions")
    #expect(try field { $0.blocks = .listed([99]) } == "--blocks")
    #expect(
      try field {
        $0.batch = 1 << 16
        $0.sequence = 48
        $0.directions = 4096
      } == "--batch")
  }
}
