import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBAPlanning
import ZorBATestSupport

/// What holds of every policy's plan, whatever it is made from.
@Suite struct PolicyTests {
  private static let simple = Policy.allCases.filter { $0 != .lexicographic }

  /// A random input; blocks of one size unless `mixed`.
  static func input(
    bytes: Bool, mixed: Bool = false, window: Int = 1, using random: inout SeededGenerator
  ) -> PolicyInput {
    let clients = Int.random(in: 1...8, using: &random)
    let blocks = Int.random(in: 1...12, using: &random)
    let sizes = (0..<blocks).map { _ in
      Double(mixed ? Int.random(in: 1...5, using: &random) : 3) * 0x1p20
    }
    let capacities = (0..<clients).map { _ -> PolicyInput.Capacity in
      guard bytes else { return .blocks(Int.random(in: 1...blocks, using: &random)) }
      let least = sizes.min() ?? 0
      let all = sizes.reduce(0, +)
      return .bytes(
        Double.random(in: least...max(all, least * 1.01), using: &random), resident: sizes)
    }
    let problem = problem(clients: clients, blocks: blocks, using: &random)
    let seed = random.next()
    return PolicyInput(
      capacities: capacities, blocks: blocks,
      minimumClients: Int.random(in: 0...min(3, clients), using: &random), window: window,
      rounds: Int.random(in: 1...40, using: &random), problem: problem
    ) { SeededGenerator(seed: seed &+ $0) }
  }

  private static func problem(
    clients: Int, blocks: Int, using random: inout SeededGenerator
  ) -> PlanningProblem {
    func values() -> [Double] { (0..<blocks).map { _ in Double.random(in: 0...9, using: &random) } }
    let sensitivity = BlockSensitivity(
      gradientEnergy: values(), clientSpread: values(), sampleNoise: values(), clients: clients)
    let zeros = Array(repeating: 0.0, count: blocks)
    return PlanningProblem(
      convergence: ConvergenceModel(
        sensitivity: sensitivity, parameters: Array(repeating: 1, count: blocks),
        varianceWeight: 0.1, directions: 1),
      sites: Array(
        repeating: SiteCosts(
          fixedBytes: 0, residentBytes: zeros, prefixSeconds: zeros, suffixSeconds: zeros,
          activeSeconds: zeros), count: clients),
      budgets: Array(repeating: .infinity, count: clients))
  }

  private func check(_ plan: ActivationPlan, _ input: PolicyInput, _ policy: Policy) {
    #expect(plan.clientCount == input.clientCount && plan.blockCount == input.blocks)
    for matrix in plan.cycle {
      #expect(matrix.coverage.allSatisfy { $0 >= input.minimumClients }, "\(policy)")
      for (row, capacity) in zip(matrix.rows, input.capacities)
      where policy != .full || capacity.holds(row) {
        #expect(capacity.holds(row), "\(policy)")
      }
    }
    #expect(plan.idleClients.isEmpty, "\(policy)")
  }

  /// Counts: a plan within capacities that covers everything, exactly when there is one.
  @Test(arguments: simple.filter { $0 != .full })
  func plansOfCountsKeepBudgetsAndCover(_ policy: Policy) throws {
    var random = SeededGenerator(seed: 41)
    var outcomes = [0, 0]
    for _ in 0..<600 {
      let input = Self.input(bytes: false, using: &random)
      let room = input.capacities.reduce(0) { $0 + Int($1.limit) }
      let isFeasible = room >= input.minimumClients * input.blocks
      outcomes[isFeasible ? 1 : 0] += 1
      if isFeasible {
        let plan = try policy.plan(input).plan
        check(plan, input, policy)
        #expect(try policy.plan(input).plan == plan)
      } else {
        let error = #expect(throws: ZorBAError.self) { try policy.plan(input) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("block") == true)
      }
    }
    #expect(outcomes.allSatisfy { $0 > 50 })
  }

  /// Bytes, blocks of one size: the same.
  @Test(arguments: simple) func plansOfBytesKeepBudgetsAndCover(_ policy: Policy) throws {
    var random = SeededGenerator(seed: 42)
    for _ in 0..<400 {
      let input = Self.input(bytes: true, using: &random)
      let counts = input.capacities.map { Int($0.limit / $0.demand(of: 0)) }
      var isFeasible = counts.reduce(0, +) >= input.minimumClients * input.blocks
      if policy == .full { isFeasible = counts.allSatisfy { $0 >= input.blocks } }
      if isFeasible {
        check(try policy.plan(input).plan, input, policy)
      } else {
        #expect(throws: ZorBAError.self) { try policy.plan(input) }
      }
    }
  }

  /// Blocks of many sizes: whatever is returned holds, and what is refused is refused with advice.
  @Test(arguments: simple) func plansOfUnequalBlocksHold(_ policy: Policy) throws {
    var random = SeededGenerator(seed: 43)
    var made = 0
    for _ in 0..<400 {
      let input = Self.input(bytes: true, mixed: true, using: &random)
      do {
        check(try policy.plan(input).plan, input, policy)
        made += 1
      } catch let error as ZorBAError {
        #expect(error.code == .invalidConfiguration && error.advice != nil)
      }
    }
    #expect(made > 20)
  }

  /// The raise that an error names would do, and nothing less.
  @Test(arguments: [Policy.random, .roundRobin, .contiguous, .dominant], [false, true])
  func theAdviceIsTheLeastThatDoes(_ policy: Policy, bytes: Bool) throws {
    var random = SeededGenerator(seed: 44)
    var advised = 0
    for _ in 0..<400 {
      let input = Self.input(bytes: bytes, using: &random)
      var advice: String?
      do {
        _ = try policy.plan(input)
      } catch let error as ZorBAError {
        advice = error.advice
      }
      let words = (advice ?? "").split(separator: " ")
      guard let raise = words.compactMap({ Int($0) }).first else { continue }
      advised += 1
      func raised(_ steps: Int) -> PolicyInput {
        var input = input
        input.capacities = input.capacities.map {
          switch $0 {
          case .blocks(let count): .blocks(min(count + steps, input.blocks))
          case .bytes(let room, let resident):
            .bytes(room + Double(steps) * 0x1p20, resident: resident)
          }
        }
        return input
      }
      check(try policy.plan(raised(raise)).plan, raised(raise), policy)
      #expect(throws: ZorBAError.self) { try policy.plan(raised(raise - 1)) }
    }
    #expect(advised > 20)
  }

  /// Round robin: over a cycle every client has every block, equally often.
  @Test func everyClientVisitsEveryBlock() throws {
    var random = SeededGenerator(seed: 45)
    var turns = 0
    for _ in 0..<400 {
      let input = Self.input(bytes: false, window: 3, using: &random)
      guard let plan = try? Policy.roundRobin.plan(input).plan else { continue }
      #expect(plan.window == 3)
      for (shares, capacity) in zip(plan.activeShare, input.capacities) {
        let expected = capacity.limit / Double(input.blocks)
        #expect(shares.allSatisfy { abs($0 - expected) < 1e-12 })
      }
      if plan.cycle.count > 1 { turns += 1 }
    }
    #expect(turns > 100)
  }

  /// Contiguous: one stretch, or one that runs over the end and on at the beginning.
  @Test func stretchesAreStretches() throws {
    var random = SeededGenerator(seed: 46)
    for _ in 0..<400 {
      let input = Self.input(bytes: false, using: &random)
      guard let plan = try? Policy.contiguous.plan(input).plan else { continue }
      for row in plan.cycle[0].rows {
        let edges = row.indices.count { row[$0] != row[($0 + 1) % row.count] }
        #expect(edges <= 2)
      }
    }
    let input = PolicyInput(
      capacities: [3, 6, 9, 12].map { .blocks($0) }, blocks: 12, rounds: 1
    ) { SeededGenerator(seed: $0) }
    let rows = try Policy.contiguous.plan(input).plan.cycle[0].rows
    #expect(rows.map { $0.firstIndex(of: true) } == [0, 3, 3, 0])
    #expect(rows.map { $0.count { $0 } } == [3, 6, 9, 12])
  }

  /// Dominant: without need for repair, nobody leaves out a block for a lesser one.
  @Test func dominantBlocksComeFirst() throws {
    var random = SeededGenerator(seed: 47)
    var repaired = 0
    for _ in 0..<400 {
      let input = Self.input(bytes: false, using: &random)
      guard let plan = try? Policy.dominant.plan(input).plan,
        let sensitivity = input.problem?.convergence.sensitivity
      else { continue }
      let matrix = plan.cycle[0]
      let dominance = (0..<input.blocks).map {
        sensitivity.gradientEnergy[$0] + sensitivity.clientSpread[$0]
      }
      for row in matrix.rows {
        let worst = row.indices.filter { row[$0] }.min { dominance[$0] < dominance[$1] } ?? 0
        for missed in row.indices where !row[missed] && dominance[missed] > dominance[worst] {
          // Only a block that would be short without this client keeps a better one out.
          let needed = row.indices.contains {
            row[$0] && dominance[$0] < dominance[missed]
              && matrix.coverage[$0] <= input.minimumClients
          }
          #expect(needed)
          repaired += 1
        }
      }
    }
    #expect(repaired > 20)
  }

  /// Random draws of counts are those that runs have always had.
  @Test func randomDrawsAreThoseOfTheMatrix() throws {
    let counts = [2, 3, 5]
    let input = PolicyInput(
      capacities: counts.map { .blocks($0) }, blocks: 5, minimumClients: 2, window: 4, rounds: 9
    ) { SeededGenerator(seed: $0) }
    let plan = try Policy.random.plan(input).plan
    #expect(plan.cycle.count == 3 && plan.window == 4)
    for (index, matrix) in plan.cycle.enumerated() {
      var generator = SeededGenerator(seed: UInt64(index))
      #expect(
        try matrix
          == .random(counts: counts, blocks: 5, minimumClients: 2, using: &generator))
    }
    var brief = input
    brief.maximumPairs = 30
    #expect(try Policy.random.plan(brief).plan.cycle == Array(plan.cycle.prefix(2)))
    brief.window = 0
    #expect(try Policy.random.plan(brief).plan.cycle == Array(plan.cycle.prefix(1)))
  }

  @Test func aClientWithoutRoomIsNamed() throws {
    let input = PolicyInput(
      names: ["a", "b"],
      capacities: [
        .bytes(8 * 0x1p20, resident: [4, 4].map { $0 * 0x1p20 }),
        .bytes(1.5 * 0x1p20, resident: [4, 4].map { $0 * 0x1p20 }),
      ], blocks: 2, rounds: 1
    ) { SeededGenerator(seed: $0) }
    for policy in Self.simple {
      let error = #expect(throws: ZorBAError.self) { try policy.plan(input) }
      #expect(error?.message.contains("b has room for no block") == true)
      #expect(error?.message.contains("3 MiB") == true)
      #expect(error?.location.field == "blocks.budgets_mib")
    }
  }
}
