import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBATestSupport

@Suite struct ActivationMatrixTests {
  @Test func randomMatricesKeepCountsAndCoverEveryBlock() throws {
    var generator = SeededGenerator(seed: 7)
    var repaired = 0
    for _ in 0..<2000 {
      let clients = Int.random(in: 1...9, using: &generator)
      let blocks = Int.random(in: 1...12, using: &generator)
      let counts = (0..<clients).map { _ in Int.random(in: 1...blocks, using: &generator) }
      let most = min(clients, counts.reduce(0, +) / blocks)
      let minimum = Int.random(in: 0...most, using: &generator)
      let matrix = try ActivationMatrix.random(
        counts: counts, blocks: blocks, minimumClients: minimum, using: &generator)
      #expect(matrix.rows.map { $0.count { $0 } } == counts)
      #expect(matrix.coverage.allSatisfy { $0 >= minimum })
      if minimum == most { repaired += 1 }
    }
    #expect(repaired > 200)  // the tight cases, where the repair has to work, did occur
  }

  @Test func randomDrawsAreReproducibleAndDiffer() throws {
    var first = SeededGenerator(seed: 3)
    var second = SeededGenerator(seed: 3)
    let counts = Array(repeating: 6, count: 8)
    let a = try ActivationMatrix.random(
      counts: counts, blocks: 12, minimumClients: 1, using: &first)
    let b = try ActivationMatrix.random(
      counts: counts, blocks: 12, minimumClients: 1, using: &second)
    let c = try ActivationMatrix.random(
      counts: counts, blocks: 12, minimumClients: 1, using: &first)
    #expect(a == b)
    #expect(a != c)
  }

  @Test func everyBlockIsDrawnEquallyOften() throws {
    var generator = SeededGenerator(seed: 11)
    var drawn = Array(repeating: 0, count: 10)
    for _ in 0..<6000 {
      for block in ActivationMatrix.sample(3, from: 10, using: &generator) { drawn[block] += 1 }
    }
    // 6000 draws of 3 in 10: mean 1800, standard deviation 35.5; 5 of them is 178.
    #expect(drawn.allSatisfy { abs($0 - 1800) < 178 })
  }

  @Test func impossibleDemandsAreRefusedByName() {
    var generator = SeededGenerator(seed: 1)
    #expect(throws: ZorBAError.self) {
      try ActivationMatrix.random(
        counts: [1, 1], blocks: 3, minimumClients: 1, using: &generator)
    }
    #expect(throws: ZorBAError.self) {
      try ActivationMatrix.random(
        counts: [4], blocks: 3, minimumClients: 1, using: &generator)
    }
    #expect(throws: ZorBAError.self) { try ActivationMatrix(rows: [[true], [true, false]]) }
    #expect(throws: ZorBAError.self) { try ActivationMatrix(rows: [[true], [false]]) }
    #expect(throws: ZorBAError.self) { try ActivationMatrix(rows: []) }
    #expect(throws: ZorBAError.self) {
      try ActivationMatrix(rows: [[true, false], [true, false]]).requireCoverage(atLeast: 1)
    }
  }

  @Test func plansRotateByWindows() throws {
    let left = try ActivationMatrix(rows: [[true, false]])
    let right = try ActivationMatrix(rows: [[false, true]])
    let plan = ActivationPlan(cycle: [left, right], window: 3)
    let order = (1...8).map { plan.matrix(round: $0) == left }
    #expect(order == [true, true, true, false, false, false, true, true])
    #expect(plan.activeShare == [[0.5, 0.5]])
  }

  @Test func participantsAreDistinctAscendingAndAsManyAsAsked() {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<500 {
      let chosen = Participation.draw(share: 0.3, clients: 10, using: &generator)
      #expect(chosen.count == 3)
      #expect(chosen == Array(Set(chosen)).sorted())
    }
    #expect(Participation.draw(share: 1, clients: 4, using: &generator) == [0, 1, 2, 3])
    #expect(Participation.draw(share: 0.01, clients: 4, using: &generator).count == 1)
  }
}
