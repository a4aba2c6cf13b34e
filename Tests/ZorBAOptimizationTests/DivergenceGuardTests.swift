import Testing
import ZorBADiagnostics
import ZorBAOptimization
import ZorBATestSupport

@Suite struct DivergenceGuardTests {
  private func warm(scale: Double, using generator: inout SeededGenerator) throws -> DivergenceGuard
  {
    var guardian = try DivergenceGuard(multiple: 20, warmup: 15)
    for _ in 0..<15 { _ = guardian.judge(scalar: generator.normal() * scale) }
    return guardian
  }

  @Test func healthyScalarsPass() throws {
    for scale in [1e-9, 1, 1e9] {
      var generator = SeededGenerator(seed: 51)
      var guardian = try warm(scale: scale, using: &generator)
      for _ in 0..<5000 {
        #expect(guardian.judge(scalar: generator.normal() * scale) == .accept)
      }
      let learned = try #require(guardian.scale)
      // E|x| of a standard normal is 0.798; the clip at 3 scales takes off a little.
      #expect(learned > 0.4 * scale && learned < 1.2 * scale)
    }
  }

  @Test func absurdScalarsAreRejectedAndMoveTheScaleLittle() throws {
    var generator = SeededGenerator(seed: 52)
    var guardian = try warm(scale: 1, using: &generator)
    let before = try #require(guardian.scale)
    guard case .reject(let reason) = guardian.judge(scalar: -1e6) else {
      Issue.record("1e6 must be rejected")
      return
    }
    #expect(reason.contains("20"))
    let after = try #require(guardian.scale)
    #expect(after <= before * 1.1 + 1e-12 && after > before)
  }

  @Test func lossesThatAreNotFiniteAreRejectedAtOnce() throws {
    var guardian = try DivergenceGuard()
    for losses in [
      TwoSidedEstimator.Losses(plus: .nan, minus: 1), .init(plus: 1, minus: .infinity),
    ] {
      guard case .reject = guardian.judge(losses, scalar: 0) else {
        Issue.record("a loss that is not finite must be rejected")
        return
      }
    }
    guard case .reject = guardian.judge(scalar: .nan) else {
      Issue.record("a scalar that is not finite must be rejected")
      return
    }
    #expect(guardian.scale == nil)
    #expect(guardian.judge(.init(plus: 1, minus: 2), scalar: 3) == .accept)
  }

  /// One outlier among the first scalars must not set the scale.
  @Test func warmupIsRobust() throws {
    var guardian = try DivergenceGuard(multiple: 20, warmup: 5)
    for scalar in [1.0, -1.1, 1e12, 0.9, 1] { _ = guardian.judge(scalar: scalar) }
    #expect(guardian.scale == 1)
  }

  @Test func aLastingChangeOfScaleIsFollowed() throws {
    var generator = SeededGenerator(seed: 53)
    var guardian = try warm(scale: 1, using: &generator)
    var last = DivergenceGuard.Verdict.accept
    for _ in 0..<300 { last = guardian.judge(scalar: 1000) }
    #expect(last == .accept)
  }

  @Test func aLossThatDoesNotMoveRejectsNothing() throws {
    var guardian = try DivergenceGuard(warmup: 3)
    for _ in 0..<10 { #expect(guardian.judge(scalar: 0) == .accept) }
    #expect(guardian.judge(scalar: 5) == .accept)
  }

  @Test func impossibleSettingsAreRefused() {
    #expect(throws: ZorBAError.self) { try DivergenceGuard(multiple: 3) }
    #expect(throws: ZorBAError.self) { try DivergenceGuard(multiple: .nan) }
    #expect(throws: ZorBAError.self) { try DivergenceGuard(warmup: 0) }
    #expect(throws: ZorBAError.self) { try DivergenceGuard(smoothing: 0) }
    let error = DivergenceGuard.error(round: 3, client: 2, reason: "the loss is nan")
    #expect(error.code == .diverged)
  }
}
