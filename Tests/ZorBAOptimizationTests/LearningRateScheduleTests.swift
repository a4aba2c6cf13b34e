import Testing
import ZorBADiagnostics
import ZorBAOptimization

@Suite struct LearningRateScheduleTests {
  @Test func constantWarmsUpAndStays() throws {
    let schedule = try LearningRateSchedule(peak: 0.8, rounds: 10, warmupRounds: 3)
    let rates = (1...12).map { schedule.learningRate(round: $0) }
    #expect(zip(rates, [0.2, 0.4, 0.6]).allSatisfy { abs($0 - $1) < 1e-15 })
    #expect(rates[3...].allSatisfy { $0 == 0.8 })
  }

  @Test func linearFallsInEqualSteps() throws {
    let schedule = try LearningRateSchedule(
      shape: .linear, peak: 1, rounds: 6, warmupRounds: 1)
    let rates = (1...7).map { schedule.learningRate(round: $0) }
    let expected = [0.5, 1, 0.8, 0.6, 0.4, 0.2, 0.2]
    #expect(zip(rates, expected).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test func cosineFallsThroughHalfAtHalfTime() throws {
    let schedule = try LearningRateSchedule(shape: .cosine, peak: 2, rounds: 100)
    #expect(schedule.learningRate(round: 1) == 2)
    #expect(abs(schedule.learningRate(round: 51) - 1) < 1e-12)
    #expect(abs(schedule.learningRate(round: 26) - (1 + 0.5.squareRoot())) < 1e-12)
  }

  @Test(arguments: LearningRateSchedule.Shape.allCases)
  func ratesArePositiveAndFallAfterTheWarmup(_ shape: LearningRateSchedule.Shape) throws {
    for (rounds, warmup) in [(1, 0), (2, 1), (50, 0), (50, 10), (50, 49)] as [(UInt64, UInt64)] {
      let schedule = try LearningRateSchedule(
        shape: shape, peak: 0.3, rounds: rounds, warmupRounds: warmup)
      let rates = (1...rounds).map { schedule.learningRate(round: $0) }
      #expect(rates.allSatisfy { $0 > 0 && $0 <= 0.3 })
      #expect(rates[Int(warmup)] == 0.3)
      let falling = rates[Int(warmup)...]
      #expect(zip(falling, falling.dropFirst()).allSatisfy { $0 >= $1 })
    }
  }

  @Test func impossibleSchedulesAreRefused() {
    for peak in [0, -1, Double.nan, .infinity] {
      #expect(throws: ZorBAError.self) { try LearningRateSchedule(peak: peak, rounds: 1) }
    }
    #expect(throws: ZorBAError.self) { try LearningRateSchedule(peak: 1, rounds: 0) }
    let error = #expect(throws: ZorBAError.self) {
      try LearningRateSchedule(peak: 1, rounds: 5, warmupRounds: 5)
    }
    #expect(error?.location.field == "warmup_rounds")
  }
}
