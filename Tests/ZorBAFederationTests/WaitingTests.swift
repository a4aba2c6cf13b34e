import Testing
import ZorBAFederation
import ZorBATestSupport

@Suite struct BackoffTests {
  /// Full jitter: within the bound at every try, and spread over all of it.
  @Test func waitsGrowToTheCapAndBeginAnewAfterAGoodConnection() {
    var random = SeededGenerator(seed: 5)
    let limits = [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    var sums = Array(repeating: 0.0, count: limits.count)
    for _ in 0..<2000 {
      var backoff = Backoff()
      for (index, limit) in limits.enumerated() {
        let delay = backoff.delay(lasted: index == 3 ? 59 : 0, using: &random)
        #expect((0...limit).contains(delay))
        sums[index] += delay / limit
      }
      #expect(backoff.tries == limits.count)
      #expect((0...0.5).contains(backoff.delay(lasted: 60, using: &random)))
      #expect(backoff.tries == 1)
    }
    for sum in sums { #expect(abs(sum / 2000 - 0.5) < 0.03) }
  }

  @Test func equalSeedsGiveEqualWaits() {
    var (first, second) = (SeededGenerator(seed: 9), SeededGenerator(seed: 9))
    var (a, b) = (Backoff(), Backoff())
    for _ in 0..<20 {
      #expect(a.delay(lasted: 0, using: &first) == b.delay(lasted: 0, using: &second))
    }
  }
}

@Suite struct DeadlinePolicyTests {
  @Test func theSlowestOfTheAskedSetsIt() {
    var policy = DeadlinePolicy(floor: 5, initial: 100, factor: 3)
    #expect(policy.deadline(asked: [0, 1]) == 100)
    policy.learn(client: 0, seconds: 2, elapsed: 3)
    policy.learn(client: 1, seconds: 10, elapsed: 14)
    #expect(policy.expected(client: 0) == 3 && policy.expected(client: 1) == 14)
    #expect(policy.deadline(asked: [0, 1]) == 42)
    #expect(policy.deadline(asked: [0]) == 9)
    #expect(policy.deadline(asked: [0, 2]) == 100)
    policy.learn(client: 0, seconds: 0, elapsed: 0)
    #expect(policy.expected(client: 0) == 2.25)
    #expect(policy.deadline(asked: [0]) == 6.75)
  }

  @Test func failuresLengthenItToACeiling() {
    var policy = DeadlinePolicy(floor: 10, ceiling: 100, initial: 20)
    #expect((0..<5).map { policy.deadline(asked: [0], failed: $0) } == [20, 40, 80, 100, 100])
    policy.learn(client: 0, seconds: 1, elapsed: 1)
    #expect(policy.deadline(asked: [0], failed: 1) == 20)
    #expect(DeadlinePolicy(fixed: 7).deadline(asked: [0, 1], failed: 3) == 7)
  }

  /// What a site claims cannot stretch a deadline beyond what was measured here.
  @Test func claimsAreBoundedByTheClock() {
    var random = SeededGenerator(seed: 3)
    var policy = DeadlinePolicy(floor: 0, initial: 0, factor: 1)
    var longest = 0.0
    let odd = [Double.nan, .infinity, -1, 1e300]
    for _ in 0..<2000 {
      let elapsed = Double.random(in: 0...50, using: &random)
      let claim = odd.randomElement(using: &random) ?? 0
      let takesClock = Bool.random(using: &random)
      if claim == 1e300 || takesClock { longest = max(longest, elapsed) }
      policy.learn(client: 0, seconds: takesClock ? elapsed / 2 : claim, elapsed: elapsed)
      #expect(policy.deadline(asked: [0]) <= longest + 1e-9)
    }
    policy.learn(client: 1, seconds: 1, elapsed: .nan)
    #expect(policy.expected(client: 1) == nil)
  }
}
