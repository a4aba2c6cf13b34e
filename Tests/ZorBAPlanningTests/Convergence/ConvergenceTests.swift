import Testing
import ZorBATestSupport

@testable import ZorBAPlanning

@Suite("Gamma of assignments and cycles")
struct ConvergenceTests {
  @Test("terms agree with an independent implementation, block by block")
  func terms() throws {
    let cases: [PlannerGoldens.Convergence] = try PlannerGoldens.load("convergence")
    #expect(cases.count == 90)
    for (index, golden) in cases.enumerated() {
      let terms = golden.model.value.terms(cycle: golden.rows, window: golden.window)
      for block in golden.bias.indices {
        #expect(
          abs(terms.bias[block] - golden.bias[block]) <= 1e-9 * (1 + golden.bias[block]),
          "case \(index), bias of block \(block)")
        #expect(
          isClose(terms.variance[block], golden.variance[block]),
          "case \(index), variance of block \(block)")
      }
    }
  }

  @Test("the searched state agrees after hundreds of flips, resting blocks and cycles included")
  func incremental() throws {
    let cases: [PlannerGoldens.Convergence] = try PlannerGoldens.load("convergence")
    var random = SeededGenerator(seed: 7)
    for golden in cases {
      let model = golden.model.value
      let clients = model.clientCount
      let blocks = model.blockCount
      var problem = PlanningProblem(
        convergence: model,
        sites: (0..<clients).map { _ in
          SiteCosts(
            fixedBytes: 1, residentBytes: Array(repeating: 1, count: blocks),
            prefixSeconds: Array(repeating: 1, count: blocks),
            suffixSeconds: Array(repeating: 2, count: blocks),
            activeSeconds: Array(repeating: 0, count: blocks))
        }, budgets: Array(repeating: .infinity, count: clients))
      problem.rotation.length = golden.cycle.count
      problem.rotation.window = golden.window
      let omega = golden.cycle.count == 1 ? 1 : model.varianceWeight * Double(golden.window)
      let space = SearchSpace(problem, biasWeight: omega, allowsResting: true)
      var state = CycleState(space, rows: golden.rows)
      let expected = golden.bias.reduce(0, +) + golden.variance.reduce(0, +)
      #expect(isClose(state.gamma, expected, relative: 1e-8))
      for _ in 0..<200 {
        state.flip(
          Int.random(in: 0..<golden.cycle.count, using: &random),
          Int.random(in: 0..<clients, using: &random), Int.random(in: 0..<blocks, using: &random))
      }
      let exact = model.terms(cycle: state.rows, window: golden.window).value
      #expect(isClose(state.gamma, exact, relative: 1e-7), "\(state.gamma) is not \(exact)")
      let memory = (0..<clients).reduce(0.0) { sum, client in
        sum + 1
          + Double(state.rows.map { $0[client].count { $0 } }.max() ?? 0)
      }
      #expect(state.memory == memory)
    }
  }
}
