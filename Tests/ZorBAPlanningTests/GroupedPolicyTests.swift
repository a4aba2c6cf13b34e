import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBATestSupport

@testable import ZorBAPlanning

/// Plans in groups of clients that train the same blocks.
@Suite struct GroupedPolicyTests {
  /// What clients train under a partition, from the definition.
  private func trained(_ groups: [[Int]], _ capacities: [Double]) -> Double {
    groups.reduce(0) { sum, group in
      sum + Double(group.count) * (group.map { capacities[$0] }.min() ?? 0)
    }
  }

  /// Every partition of clients into groups of at least so many.
  private func partitions(_ clients: [Int], minimum: Int) -> [[[Int]]] {
    guard let first = clients.first else { return [[]] }
    let rest = Array(clients.dropFirst())
    var found: [[[Int]]] = []
    for mask in 0..<(1 << rest.count) {
      let group = [first] + rest.indices.filter { mask >> $0 & 1 == 1 }.map { rest[$0] }
      guard group.count >= minimum else { continue }
      let others = rest.filter { !group.contains($0) }
      found += partitions(others, minimum: minimum).map { [group] + $0 }
    }
    return found
  }

  /// No partition at all, stretch of the order or not, trains more with as many groups.
  @Test func stretchesOfTheOrderTrainMost() throws {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<60 {
      let count = Int.random(in: 2...8, using: &random)
      let minimum = Int.random(in: 1...min(3, count), using: &random)
      let capacities = (0..<count).map { _ in Double(Int.random(in: 1...9, using: &random)) }
      let found = try ClientPartition.candidates(capacities: capacities, minimum: minimum)
      let all = partitions(Array(0..<count), minimum: minimum)
      for groups in 1...(count / minimum) {
        let best = all.filter { $0.count == groups }.map { trained($0, capacities) }.max()
        let candidate = found.first { $0.groups.count == groups }
        #expect(candidate.map { trained($0.groups, capacities) } == best)
      }
      for partition in found {
        #expect(partition.groups.joined().sorted() == Array(0..<count))
        #expect(partition.groups.allSatisfy { $0.count >= minimum })
      }
    }
    #expect(throws: ZorBAError.self) {
      try ClientPartition.candidates(capacities: [1, 2], minimum: 3)
    }
  }

  /// Whatever the policy, groups are large enough in every matrix, blocks are covered, and nobody trains
  /// more than it can.
  @Test(arguments: [Policy.full, .random, .roundRobin, .contiguous])
  func groupsHold(_ policy: Policy) throws {
    var random = SeededGenerator(seed: 6)
    for index in 0..<30 {
      let clients = Int.random(in: 3...14, using: &random)
      let blocks = Int.random(in: 2...8, using: &random)
      // One group alone must be able to train everything, two of them half of it each.
      let least = policy == .full || clients < 6 ? blocks : (blocks + 1) / 2
      let capacities = (0..<clients).map { _ in
        PolicyInput.Capacity.blocks(Int.random(in: least...blocks, using: &random))
      }
      var input = PolicyInput(
        capacities: capacities, blocks: blocks, minimumClients: 3, window: index % 2, rounds: 9
      ) { SeededGenerator(seed: UInt64(index) &+ $0) }
      input.groupSize = 3
      let plan = try policy.plan(input).plan
      try plan.requireGroups(ofAtLeast: 3)
      try plan.requireCoverage(atLeast: 3)
      #expect(plan.clientCount == clients && plan.blockCount == blocks)
      for matrix in plan.cycle {
        for (capacity, row) in zip(capacities, matrix.rows) { #expect(capacity.holds(row)) }
      }
    }
  }

  @Test func plannerMakesGroups() throws {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<6 {
      let (clients, blocks) = (Int.random(in: 6...9, using: &random), 5)
      let sites = (0..<clients).map { _ in
        SiteCosts(
          fixedBytes: 1, residentBytes: Array(repeating: 1, count: blocks),
          prefixSeconds: Array(repeating: 1, count: blocks),
          suffixSeconds: Array(repeating: 2, count: blocks),
          activeSeconds: Array(repeating: 1, count: blocks))
      }
      let budgets = (0..<clients).map { _ in Double(Int.random(in: 4...6, using: &random)) }
      let problem = PlanningProblem(
        convergence: ConvergenceModel(
          sensitivity: BlockSensitivity(
            gradientEnergy: (0..<blocks).map { _ in Double.random(in: 1...4, using: &random) },
            clientSpread: (0..<blocks).map { _ in Double.random(in: 0...1, using: &random) },
            sampleNoise: Array(repeating: 1, count: blocks), clients: clients),
          parameters: Array(repeating: 100, count: blocks), varianceWeight: 0.01, directions: 2),
        sites: sites, budgets: budgets, minimumClients: 3, minimumBlocks: 1,
        rotation: .init(length: 2))
      var input = PolicyInput(
        capacities: budgets.map { .bytes($0 - 1, resident: Array(repeating: 1, count: blocks)) },
        blocks: blocks, minimumClients: 3, rounds: 9, problem: problem
      ) { SeededGenerator(seed: $0) }
      input.groupSize = 3
      input.effort = .init(work: 200_000, moves: 4_000, boundSteps: 20)
      let outcome = try Policy.lexicographic.plan(input)
      try outcome.plan.requireGroups(ofAtLeast: 3)
      try outcome.plan.requireCoverage(atLeast: 3)
      let solved = try #require(outcome.solved)
      // Gamma is that of the plan that clients are given, not of a plan over groups.
      #expect(
        solved.convergence
          == problem.convergence.terms(
            cycle: outcome.plan.cycle.map(\.rows), window: outcome.plan.window))
      for matrix in outcome.plan.cycle {
        for client in matrix.rows.indices {
          #expect(sites[client].memory(matrix.rows[client]) <= budgets[client])
        }
      }
      #expect(solved.memory.count == clients && solved.seconds.count == clients)
      #expect(!solved.isProvenOptimal)
      let grouping = try #require(solved.grouping)
      #expect(grouping.size == 3 && grouping.groups.joined().sorted() == Array(0..<clients))
      for matrix in outcome.plan.cycle {
        for group in grouping.groups {
          #expect(group.count >= 3 && Set(group.map { matrix.rows[$0] }).count == 1)
        }
      }
    }
  }
}
