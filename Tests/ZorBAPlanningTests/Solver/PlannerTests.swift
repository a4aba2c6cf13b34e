import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBATestSupport

@testable import ZorBAPlanning

@Suite("The planner against exhaustive search")
struct PlannerTests {
  @Test("both stages reach the proven optimum of hundreds of random instances, or refuse")
  func optima() throws {
    let cases: [PlannerGoldens.Optimum] = try PlannerGoldens.load("optima")
    #expect(cases.count == 420 && cases.count { $0.result != nil } > 200)
    for (index, golden) in cases.enumerated() {
      let planner = Planner(
        golden.problem, effort: .init(work: 50_000_000, moves: 3000, boundSteps: 60))
      guard let result = golden.result else {
        #expect(throws: ZorBAError.self, "case \(index)") { try planner.solve() }
        continue
      }
      let outcome = try planner.solve()
      #expect(outcome.isProvenOptimal, "case \(index)")
      #expect(isClose(outcome.stages[0].value, result.gamma), "case \(index)")
      #expect(isClose(outcome.stages[1].value, result.memory), "case \(index)")
      #expect(isClose(outcome.convergence.value, result.gammaThere), "case \(index)")
      for (memory, budget) in zip(outcome.memory, golden.budget) {
        #expect(memory <= budget * (1 + 1e-9))
      }
    }
  }

  @Test("bounds without exact search never exceed the optimum")
  func bounds() throws {
    let cases: [PlannerGoldens.Optimum] = try PlannerGoldens.load("optima")
    var gap = 0.0
    var count = 0.0
    for (index, golden) in cases.enumerated() {
      guard let result = golden.result else { continue }
      let planner = Planner(
        golden.problem, effort: .init(work: 0, moves: 3000, boundSteps: 60))
      let outcome = try planner.solve()
      let bound = try #require(outcome.stages[0].lowerBound)
      #expect(bound <= result.gamma * (1 + 1e-9), "case \(index)")
      // The annealed Gamma* may be larger than the optimum, which loosens the second stage.
      #expect(outcome.stages[0].value >= result.gamma * (1 - 1e-9), "case \(index)")
      if isClose(outcome.stages[0].value, result.gamma) {
        let bound = try #require(outcome.stages[1].lowerBound)
        #expect(bound <= result.memory * (1 + 1e-9), "case \(index)")
      }
      gap += try #require(outcome.stages[0].gap)
      count += 1
    }
    // A bound that says nothing would pass the above.
    #expect(gap / count < 0.7)
  }

  @Test("the relaxation's bound holds at any multipliers and for merged classes")
  func multipliers() throws {
    var random = SeededGenerator(seed: 3)
    let problem = Self.problem(clients: 6, blocks: 5, seed: 11)
    let space = SearchSpace(problem)
    let coverage = Coverage(space)
    var search = LocalSearch(goal: SearchGoal(), moves: 20_000, seed: 1)
    let found = search.improve(CycleState(space, rows: [coverage.rows]))
    let best = try #require(found)
    for maximumColumns in [1 << 16, 20] {
      let classes = try #require(ClientClasses(space, maximumColumns: maximumColumns))
      #expect(classes.wereMerged == (maximumColumns == 20))
      for alpha in [1.0, 0.5, 0.0] {
        let relaxation = Relaxation(space, classes: classes, alpha: alpha)
        let tight = relaxation.optimised(steps: 200)
        #expect(tight.value <= best.gamma && tight.value > 0)
        for _ in 0..<20 {
          var multipliers = tight.at
          for index in multipliers.diagonal.indices {
            multipliers.diagonal[index] *= Double.random(in: 0...2, using: &random)
            multipliers.linear[index] *= Double.random(in: 0...2, using: &random)
            multipliers.room[index] += Double.random(in: 0...1, using: &random)
          }
          #expect(relaxation.bound(at: multipliers).value <= best.gamma)
        }
      }
    }
  }

  @Test("a rotating plan is no worse than its fixed one and keeps every limit")
  func rotation() throws {
    for seed in 1...4 {
      var problem = Self.problem(clients: 4, blocks: 6, seed: UInt64(seed))
      let effort = Planner.Effort(work: 20_000_000, moves: 60_000, boundSteps: 100)
      let fixed = try Planner(problem, effort: effort).solve()
      problem.rotation = .init(length: 6)
      let rotating = try Planner(problem, effort: effort).solve()
      #expect(rotating.stages[0].value < fixed.stages[0].value)
      let bound = try #require(rotating.stages[0].lowerBound)
      #expect(bound <= rotating.stages[0].value)
      #expect(rotating.plan.cycle.count == 6)
      for matrix in rotating.plan.cycle {
        #expect(matrix.coverage.allSatisfy { $0 >= problem.minimumClients })
      }
      for (memory, budget) in zip(rotating.memory, problem.budgets) { #expect(memory <= budget) }
      let gamma = problem.convergence.terms(cycle: rotating.plan.cycle.map(\.rows)).value
      #expect(isClose(gamma, rotating.convergence.value))
      #expect(gamma <= rotating.stages[0].value * 1.05 * (1 + 1e-9))
    }
  }

  @Test("a block may rest where its minimum share allows, and only then")
  func resting() throws {
    var problem = Self.problem(clients: 3, blocks: 6, seed: 5)
    problem.budgets = Array(repeating: 11, count: 3)  // one block each
    #expect(throws: ZorBAError.self) { try Planner(problem, effort: .quick).solve() }
    problem.rotation = .init(length: 4, window: 1, minimumShare: 0.5)
    let outcome = try Planner(problem, effort: .quick).solve()
    for block in 0..<6 {
      let trained = outcome.plan.cycle.count { $0.coverage[block] > 0 }
      #expect(trained >= 2)
    }
    for memory in outcome.memory { #expect(memory <= 11) }
  }

  @Test("required, forbidden and grouped blocks are obeyed, and the deadline is kept")
  func constraints() throws {
    var problem = Self.problem(clients: 4, blocks: 5, seed: 9)
    problem.required = [0: [4]]
    problem.forbidden = [1: [0], 2: [4]]
    problem.groups = [[2, 3]]
    problem.deadline = 17
    let outcome = try Planner(problem, effort: .quick).solve()
    let rows = outcome.plan.cycle[0].rows
    #expect(rows[0][4] && !rows[1][0] && !rows[2][4])
    for row in rows { #expect(row[2] == row[3]) }
    for seconds in outcome.seconds { #expect(seconds <= 17) }
    #expect(outcome.isProvenOptimal)
    // The same by listing all assignments.
    var best = Double.infinity
    for code in 0..<(1 << 20) {
      let rows = (0..<4).map { client in (0..<5).map { code >> (client * 5 + $0) & 1 == 1 } }
      guard rows[0][4], !rows[1][0], !rows[2][4] else { continue }
      guard rows.allSatisfy({ $0[2] == $0[3] }) else { continue }
      guard (0..<5).allSatisfy({ block in rows.contains { $0[block] } }) else { continue }
      guard
        zip(rows, zip(problem.sites, problem.budgets)).allSatisfy({ row, site in
          site.0.memory(row) <= site.1 && site.0.seconds(row) <= 17
        })
      else { continue }
      best = min(best, problem.convergence.terms(rows: rows).value)
    }
    #expect(isClose(outcome.stages[0].value, best))
  }

  @Test("the time stage finds the shortest round that the limits allow")
  func time() throws {
    for seed in 1...6 {
      let problem = Self.problem(clients: 3, blocks: 4, seed: UInt64(seed))
      let outcome = try Planner(
        problem, effort: .init(work: 50_000_000, moves: 20_000, boundSteps: 80)
      ).solve()
      #expect(outcome.isProvenOptimal)
      let gamma = outcome.stages[0].value * 1.05
      let memory = outcome.stages[1].value * 1.05
      var shortest = Double.infinity
      for code in 0..<(1 << 12) {
        let rows = (0..<3).map { client in (0..<4).map { code >> (client * 4 + $0) & 1 == 1 } }
        guard (0..<4).allSatisfy({ block in rows.contains { $0[block] } }) else { continue }
        let bytes = zip(problem.sites, rows).map { $0.memory($1) }
        guard zip(bytes, problem.budgets).allSatisfy({ $0 <= $1 }) else { continue }
        guard bytes.reduce(0, +) <= memory * (1 + 1e-9),
          problem.convergence.terms(rows: rows).value <= gamma * (1 + 1e-9)
        else { continue }
        shortest = min(shortest, zip(problem.sites, rows).map { $0.seconds($1) }.max() ?? 0)
      }
      #expect(isClose(outcome.stages[2].value, shortest), "seed \(seed)")
    }
  }

  @Test("the same effort gives the same plan")
  func repeatable() throws {
    let problem = Self.problem(clients: 9, blocks: 14, seed: 21)
    let first = try Planner(problem, effort: .quick).solve()
    let second = try Planner(problem, effort: .quick).solve()
    #expect(first.plan == second.plan && first.stages == second.stages)
  }

  @Test("a front has no dominated point and pays memory with convergence")
  func front() throws {
    let problem = Self.problem(clients: 4, blocks: 5, seed: 2)
    let front = try Planner(problem, effort: .quick).front(epsilons: [0, 0.02, 0.1, 0.3, 1])
    #expect(front.count >= 2)
    for (first, second) in zip(front, front.dropFirst()) {
      #expect(
        second.outcome.memory.reduce(0, +) < first.outcome.memory.reduce(0, +)
          || (second.outcome.seconds.max() ?? 0) < (first.outcome.seconds.max() ?? 0))
    }
  }

  /// A random instance: unequal blocks, budgets of some of them, all blocks within a byte of 10 apart.
  static func problem(clients: Int, blocks: Int, seed: UInt64) -> PlanningProblem {
    var random = SeededGenerator(seed: seed)
    func draw(_ low: Double, _ high: Double) -> Double {
      Double.random(in: low...high, using: &random)
    }
    let sensitivity = BlockSensitivity(
      gradientEnergy: (0..<blocks).map { _ in draw(0.5, 3) },
      clientSpread: (0..<blocks).map { _ in draw(0.5, 3) },
      sampleNoise: (0..<blocks).map { _ in draw(1, 6) }, clients: clients)
    return PlanningProblem(
      convergence: ConvergenceModel(
        sensitivity: sensitivity, parameters: (0..<blocks).map { _ in draw(50, 150) },
        varianceWeight: 0.01, directions: 4),
      sites: (0..<clients).map { client in
        SiteCosts(
          fixedBytes: 10, residentBytes: Array(repeating: 1, count: blocks),
          prefixSeconds: Array(repeating: 1, count: blocks),
          suffixSeconds: Array(repeating: 3 + Double(client), count: blocks),
          activeSeconds: Array(repeating: 0, count: blocks))
      },
      budgets: (0..<clients).map { 10 + Double(2 + $0 % max(1, blocks - 1)) })
  }
}
