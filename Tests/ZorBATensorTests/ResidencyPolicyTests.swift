import Testing
import ZorBATensor
import ZorBATestSupport

@Suite struct ResidencyPolicyTests {
  typealias Demand = ResidencyPolicy.Demand

  /// A large block 0 that is walked in pieces, and blocks of similar size after it.
  static func demands(using random: inout SeededGenerator) -> [Demand] {
    let size = Int.random(in: 1...1000, using: &random)
    return (0..<Int.random(in: 1...14, using: &random)).map { block in
      let whole = block == 0 ? size * Int.random(in: 0...8, using: &random) : size
      let passing =
        block == 0 ? Int.random(in: 0...max(1, whole), using: &random) : whole
      return Demand(
        whole: whole + Int.random(in: 0...size / 4, using: &random), passing: passing)
    }
  }

  static func active(
    of demands: [Demand], using random: inout SeededGenerator
  ) -> Set<Int> {
    Set(demands.indices.filter { _ in Int.random(in: 0..<3, using: &random) == 0 })
  }

  @Test func weightsNeverTakeMoreThanTheyMay() {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<3000 {
      let demands = Self.demands(using: &random)
      let total = demands.reduce(0) { $0 + $1.whole }
      let least = ResidencyPolicy.leastCapacity(demands)
      let capacity = Int.random(in: 0...total + 10, using: &random)
      let active = Self.active(of: demands, using: &random)
      let policy = ResidencyPolicy(demands: demands, active: active, capacity: capacity)
      // By definition: what stays, and the largest of what passes.
      let kept = policy.resident.reduce(0) { $0 + demands[$1].whole }
      let passing = demands.indices.filter(policy.isStreamed).map { demands[$0].passing }.max() ?? 0
      #expect(policy.peakByteCount == kept + passing)
      #expect(policy.peakByteCount <= max(capacity, least))
      if capacity >= total { #expect(policy.resident == Set(demands.indices)) }
      if capacity < least { #expect(policy.peakByteCount <= least) }
    }
  }

  @Test func activeBlocksComeFirst() {
    var random = SeededGenerator(seed: 2)
    var crowded = 0
    for _ in 0..<3000 {
      let demands = Self.demands(using: &random)
      let total = demands.reduce(0) { $0 + $1.whole }
      let capacity = Int.random(in: 0...total, using: &random)
      let active = Self.active(of: demands, using: &random)
      let policy = ResidencyPolicy(demands: demands, active: active, capacity: capacity)
      // An active block is streamed only if it does not fit beside the active blocks before it.
      for block in active where policy.isStreamed(block) {
        crowded += 1
        let before = policy.resident.filter { active.contains($0) && $0 < block }
        let kept = before.reduce(demands[block].whole) { $0 + demands[$1].whole }
        let passing =
          demands.indices.filter { $0 != block && !before.contains($0) }
          .map { demands[$0].passing }.max() ?? 0
        #expect(kept + passing > capacity)
      }
      // What is inactive takes no room from what is active.
      let others = Set(demands.indices).subtracting(active)
      let bare = demands.enumerated().map { block, demand in
        others.contains(block) ? Demand(whole: total + 1, passing: demand.passing) : demand
      }
      let without = ResidencyPolicy(demands: bare, active: active, capacity: capacity)
      #expect(policy.resident.intersection(active) == without.resident)
    }
    #expect(crowded > 100)
  }

  /// With blocks of one size, more room never makes a block leave.
  @Test func roomIsUsed() {
    let demands = (0..<8).map { _ in Demand(whole: 100, passing: 100) }
    for capacity in 0...900 {
      let policy = ResidencyPolicy(demands: demands, active: [3, 5], capacity: capacity)
      let fitting = capacity >= 800 ? 8 : max(0, capacity / 100 - 1)
      #expect(policy.resident.count == min(8, fitting))
      if fitting >= 2 { #expect(policy.resident.isSuperset(of: [3, 5])) }
    }
  }

  @Test func theNextStreamedBlockFollows() {
    let demands = (0..<6).map { _ in Demand(whole: 10, passing: 10) }
    let policy = ResidencyPolicy(demands: demands, active: [2, 3], capacity: 30)
    #expect(policy.resident == [2, 3])
    #expect(policy.nextStreamed(after: 0) == 1)
    #expect(policy.nextStreamed(after: 1) == 4)
    #expect(policy.nextStreamed(after: 5) == nil)
  }
}
