import Testing
import ZorBADiagnostics
import ZorBATestSupport

@testable import ZorBAFederation

/// What a coordinator that learns sums block by block learns of single clients, without groups of equal
/// rows and with them.
@Suite struct BlockSumAttackTests {
  /// A coordinator that knows who trains which blocks: it solves A' x = y for what clients answered.
  struct Attacker {
    let matrix: ActivationMatrix

    /// A client's answer as far as sums of blocks determine it, nil where they do not. [clients]
    func answers(fromBlockSums sums: [Double]) -> [Double?] {
      let clients = matrix.clientCount
      // One equation a block: sum_k a_kb x_k = y_b.
      var system = (0..<matrix.blockCount).map { block in
        (0..<clients).map { matrix.rows[$0][block] ? 1.0 : 0 } + [sums[block]]
      }
      var pivots: [(row: Int, column: Int)] = []
      for column in 0..<clients {
        let start = pivots.count
        guard
          let row = (start..<system.count).max(by: {
            abs(system[$0][column]) < abs(system[$1][column])
          }), abs(system[row][column]) > 1e-9
        else { continue }
        system.swapAt(start, row)
        let pivot = system[start][column]
        system[start] = system[start].map { $0 / pivot }
        for other in system.indices where other != start && abs(system[other][column]) > 1e-12 {
          let factor = system[other][column]
          system[other] = zip(system[other], system[start]).map { $0 - factor * $1 }
        }
        pivots.append((start, column))
        if pivots.count == system.count { break }
      }
      var found = [Double?](repeating: nil, count: clients)
      for (row, column) in pivots {
        // Determined only where no client that is free to be anything is left in the equation.
        let others = (0..<clients).filter { $0 != column && abs(system[row][$0]) > 1e-9 }
        if others.isEmpty { found[column] = system[row][clients] }
      }
      return found
    }
  }

  private func sums(_ matrix: ActivationMatrix, _ answers: [Double]) -> [Double] {
    (0..<matrix.blockCount).map { block in
      matrix.rows.indices.reduce(0) { matrix.rows[$1][block] ? $0 + answers[$1] : $0 }
    }
  }

  /// Every block has its clients, and still every answer is given away, whatever n_b is.
  @Test func sumsOfBlocksGiveAnswersAway() throws {
    var random = SeededGenerator(seed: 31)
    var broken = 0
    for _ in 0..<200 {
      let matrix = try ActivationMatrix.random(
        counts: Array(repeating: 6, count: 6), blocks: 12, minimumClients: 3, using: &random)
      let answers = (0..<6).map { _ in Double.random(in: -2...2, using: &random) }
      let found = Attacker(matrix: matrix).answers(fromBlockSums: sums(matrix, answers))
      for (answer, guess) in zip(answers, found) {
        if let guess { #expect(abs(guess - answer) < 1e-9) }
      }
      if found.allSatisfy({ $0 != nil }) { broken += 1 }
      #expect(throws: ZorBAError.self) { try matrix.requireGroups(ofAtLeast: 3) }
    }
    // Independent rows are what random draws give nearly always.
    #expect(broken > 150)
  }

  /// In groups of equal rows no answer is determined, and answers that differ within groups but not in
  /// their sums give the same sums of blocks: nothing can tell them apart.
  @Test func groupsHideAnswers() throws {
    var random = SeededGenerator(seed: 32)
    for _ in 0..<200 {
      let size = Int.random(in: 3...4, using: &random)
      let groups = Int.random(in: 1...4, using: &random)
      let rows = (0..<groups).map { group in
        (0..<12).map { $0 == group || Bool.random(using: &random) }
      }
      let matrix = try ActivationMatrix(rows: (0..<groups * size).map { rows[$0 % groups] })
      try matrix.requireGroups(ofAtLeast: size)
      let answers = (0..<groups * size).map { _ in Double.random(in: -2...2, using: &random) }
      let told = sums(matrix, answers)
      #expect(Attacker(matrix: matrix).answers(fromBlockSums: told).allSatisfy { $0 == nil })
      var others = answers
      for group in matrix.groups {
        let shift = Double.random(in: -1...1, using: &random)
        others[group[0]] += shift
        others[group[1]] -= shift
      }
      for (left, right) in zip(told, sums(matrix, others)) { #expect(abs(left - right) < 1e-9) }
    }
  }

  @Test func groupsAreThoseOfEqualRows() throws {
    let (first, second) = ([true, false], [true, true])
    let matrix = try ActivationMatrix(
      rows: [first, second, [false, false], first, second, first], mayRest: true)
    #expect(matrix.groups == [[0, 3, 5], [1, 4]])
    #expect(matrix.groups(among: [3, 4, 5, 2]) == [[3, 5], [4]])
    #expect(matrix.group(of: 4) == [1, 4])
    for nobody in [2, 9, -1] { #expect(matrix.group(of: nobody).isEmpty) }
    try matrix.requireGroups(ofAtLeast: 2)
    let error = try #require(throws: ZorBAError.self) {
      try matrix.requireGroups(ofAtLeast: 3, names: ["a", "b", "c", "d", "e", "f"])
    }
    #expect(error.message.contains("b, e"))
    let plan = ActivationPlan(
      cycle: [try .full(clients: 6, blocks: 2), matrix])
    #expect(plan.hasGroups(ofAtLeast: 2) && !plan.hasGroups(ofAtLeast: 3))
    #expect(throws: ZorBAError.self) { try plan.requireGroups(ofAtLeast: 3) }
  }
}
