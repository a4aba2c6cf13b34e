import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBATestSupport

@testable import ZorBAPlanning

/// What the planner says of plans in groups: a bound that holds, a price, a front.
@Suite struct GroupedPlannerTests {
  private static func problem(
    clients: Int, blocks: Int, least: Int = 1, seed: UInt64
  ) -> PlanningProblem {
    var random = SeededGenerator(seed: seed)
    let sites = (0..<clients).map { _ in
      SiteCosts(
        fixedBytes: 1, residentBytes: Array(repeating: 1, count: blocks),
        prefixSeconds: Array(repeating: 1, count: blocks),
        suffixSeconds: Array(repeating: 2, count: blocks),
        activeSeconds: Array(repeating: 1, count: blocks))
    }
    return PlanningProblem(
      convergence: ConvergenceModel(
        sensitivity: BlockSensitivity(
          gradientEnergy: (0..<blocks).map { _ in Double.random(in: 1...4, using: &random) },
          clientSpread: (0..<blocks).map { _ in Double.random(in: 0...2, using: &random) },
          sampleNoise: Array(repeating: 1, count: blocks), clients: clients),
        parameters: Array(repeating: 100, count: blocks), varianceWeight: 0.01, directions: 2),
      sites: sites,
      budgets: (0..<clients).map { _ in
        Double(Int.random(in: 1 + least...1 + blocks, using: &random))
      }, minimumClients: 1, minimumBlocks: 1)
  }

  private static let effort = Planner.Effort(work: 2_000_000, moves: 4_000, boundSteps: 60)

  /// Every fixed plan in groups within budgets, from the definition.
  private static func grouped(_ problem: PlanningProblem, size: Int) -> [[[Bool]]] {
    let (clients, blocks) = (problem.clientCount, problem.blockCount)
    let rows = (1..<(1 << blocks)).map { mask in (0..<blocks).map { mask >> $0 & 1 == 1 } }
    var plans: [[[Bool]]] = [[]]
    for client in 0..<clients {
      let own = rows.filter { problem.sites[client].memory($0) <= problem.budgets[client] }
      plans = plans.flatMap { plan in own.map { plan + [$0] } }
    }
    return plans.filter { plan in
      (0..<blocks).allSatisfy { block in plan.contains { $0[block] } }
        && Dictionary(grouping: plan, by: { $0 }).values.allSatisfy { $0.count >= size }
    }
  }

  /// No plan in groups, by enumeration of all, is below the bound; later stages say that they have none.
  @Test func theBoundHoldsForEveryPlanInGroups() throws {
    var solved = 0
    var tight = 0.0
    for seed in 1...24 {
      let problem = Self.problem(clients: 4 + seed % 2, blocks: 3, seed: UInt64(seed))
      let all = Self.grouped(problem, size: 2)
      let least = all.map { problem.convergence.terms(cycle: [$0], window: 1).value }.min()
      let outcome: PlanningOutcome
      do {
        outcome = try GroupedPlanner(problem, size: 2, effort: Self.effort).solve()
      } catch let error as ZorBAError where error.code == .invalidConfiguration {
        continue
      }
      solved += 1
      let best = try #require(least)
      let bound = try #require(outcome.stages[0].lowerBound)
      #expect(bound <= best * (1 + 1e-9))
      #expect(outcome.convergence.value >= best * (1 - 1e-9))
      #expect(all.contains(outcome.plan.cycle[0].rows))
      #expect(outcome.stages.dropFirst().allSatisfy { $0.lowerBound == nil && $0.gap == nil })
      tight += bound / best
      // The price is against a plan that keeps to no groups.
      let free = try #require(outcome.grouping?.free)
      let plain = try Planner(problem, effort: Self.effort).solve()
      #expect(free == Grouping.Figures(plain))
      let price = try #require(outcome.groupingPrice)
      #expect(abs(price - (outcome.convergence.value / plain.convergence.value - 1)) < 1e-12)
      #expect(outcome.groupingSentence?.contains("without the rule") == true)
    }
    #expect(solved >= 12)
    // A bound of 0 would pass the above.
    #expect(tight / Double(solved) > 0.5)
  }

  /// Too few clients, or budgets that leave no group the blocks it would have to train.
  @Test func whatHasNoPlanSaysWhy() throws {
    let few = Self.problem(clients: 2, blocks: 2, seed: 1)
    #expect(throws: ZorBAError.self) { try GroupedPlanner(few, size: 3).solve() }
    var tight = Self.problem(clients: 4, blocks: 4, seed: 2)
    tight.budgets = Array(repeating: 2, count: 4)
    #expect(throws: ZorBAError.self) {
      try GroupedPlanner(tight, size: 3, effort: Self.effort).solve()
    }
    // Without groups each trains one block.
    _ = try Planner(tight, effort: Self.effort).solve()
  }

  @Test func theFrontKeepsToTheGroups() throws {
    let problem = Self.problem(clients: 6, blocks: 4, least: 2, seed: 8)
    let planner = GroupedPlanner(problem, size: 3, effort: Self.effort)
    let front = try planner.front(epsilons: [0, 0.1, 0.5])
    #expect(!front.isEmpty)
    for point in front {
      try point.outcome.plan.requireGroups(ofAtLeast: 3)
      #expect(point.outcome.grouping?.groups == front[0].outcome.grouping?.groups)
      for client in 0..<6 { #expect(point.outcome.memory[client] <= problem.budgets[client]) }
    }
  }

  /// JSON says "none" where there is no bound, and has the groups and their price.
  @Test func documentsSayWhatIsKnown() throws {
    let problem = Self.problem(clients: 6, blocks: 3, least: 2, seed: 3)
    let outcome = try GroupedPlanner(problem, size: 3, effort: Self.effort).solve()
    let json = PlanDocument(outcome).json
    let stages = try #require(json["stages"]?.array)
    #expect(stages[0]["lower_bound"]?.double == outcome.stages[0].lowerBound)
    #expect(stages[1]["lower_bound"] == .null && stages[1]["gap"] == .null)
    let groups = try #require(json["groups"])
    #expect(groups["minimum"]?.integer == 3)
    #expect(
      groups["members"]?.array?.map { $0.array?.compactMap(\.integer) ?? [] }
        == outcome.grouping?.groups)
    #expect(groups["price"]?.double == outcome.groupingPrice)
    #expect(groups["without"]?["convergence"]?.double == outcome.grouping?.free?.convergence)
    #expect(PlanDocument(try Planner(problem, effort: Self.effort).solve()).json["groups"] == nil)
    // What a run is given can be read back.
    let file = PlanFile(
      clients: (0..<6).map { "s\($0)" }, policy: .lexicographic,
      outcome: PolicyOutcome(plan: outcome.plan, solved: outcome), problem: problem)
    let read = try PlanFile(JSONParser.parse(Array(file.text.utf8), file: "plan.json"))
    #expect(read.stages == outcome.stages)
  }
}
