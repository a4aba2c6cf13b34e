import Testing
import ZorBATestSupport

@testable import ZorBAPlanning

@Suite struct NormalEquationsTests {
  /// Equations of a random design whose last `dependent` columns are sums of earlier ones.
  private func equations(
    size: Int, rows: Int, dependent: Int = 0, using random: inout SeededGenerator
  ) -> NormalEquations {
    var gram = [Double](repeating: 0, count: size * size)
    var moment = [Double](repeating: 0, count: size)
    for _ in 0..<rows {
      var x = (0..<size).map { _ in Double(Int.random(in: 0...1, using: &random)) }
      for index in 0..<dependent { x[size - 1 - index] = x[2 * index] + x[2 * index + 1] }
      let y = random.normal()
      for row in 0..<size {
        moment[row] += x[row] * y
        for column in 0..<size { gram[row * size + column] += x[row] * x[column] }
      }
    }
    return NormalEquations(gram: gram, moment: moment)
  }

  /// The conditions of Karush, Kuhn and Tucker, which only the minimum meets.
  @Test func nonNegativeSolutionsAreOptimal() {
    var random = SeededGenerator(seed: 1)
    var clipped = 0
    for _ in 0..<200 {
      let size = Int.random(in: 1...14, using: &random)
      let equations = equations(size: size, rows: 4 * size + 8, using: &random)
      let x = equations.nonNegativeSolution(prior: Array(repeating: 1, count: size))
      for row in 0..<size {
        var slope = -equations.moment[row]
        for column in 0..<size { slope += equations.gram[row * size + column] * x[column] }
        #expect(x[row] >= 0)
        #expect(slope > -1e-6)
        #expect(x[row] == 0 || abs(slope) < 1e-6)
        if x[row] == 0 { clipped += 1 }
      }
    }
    #expect(clipped > 100)
  }

  @Test func solutionsSolveWhatIsDetermined() {
    var random = SeededGenerator(seed: 2)
    for _ in 0..<50 {
      let equations = equations(size: 9, rows: 60, using: &random)
      let x = equations.solution(prior: (1...9).map(Double.init))
      for row in 0..<9 {
        var slope = -equations.moment[row]
        for column in 0..<9 { slope += equations.gram[row * 9 + column] * x[column] }
        #expect(abs(slope) < 1e-5)
      }
    }
  }

  @Test func unseenDirectionsAreFound() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<50 {
      let full = Identifiability(equations(size: 8, rows: 60, using: &random))
      #expect(full.rank == 8 && full.isDetermined == Array(repeating: true, count: 8))
      // Columns 0 and 1 add up to the last: sums of these are known, parts are not.
      let singular = equations(size: 8, rows: 60, dependent: 1, using: &random)
      let some = Identifiability(
        singular,
        of: [
          [(0, 1)], [(1, 1)], [(7, 1)], [(2, 1)], [(6, 1)], [(0, 1), (7, 1)], [(1, 2), (7, 2)],
          [(0, 1), (1, 1)], [(0, 1), (1, -1)],
        ])
      #expect(some.rank == 7)
      #expect(
        some.isDetermined == [false, false, false, true, true, true, true, false, true])
    }
    let nothing = NormalEquations(gram: [1, 0, 0, 0], moment: [1, 0])
    #expect(Identifiability(nothing).isDetermined == [true, false])
    #expect(nothing.solution(prior: [3, 5]).map { ($0 * 1e6).rounded() / 1e6 } == [1, 5])
  }

  /// What is only known as a sum is divided as in the prior.
  @Test func sumsAreDividedAsInThePrior() {
    let equations = NormalEquations(gram: [2, 2, 2, 2], moment: [12, 12])
    for solution in [
      equations.solution(prior: [1, 3]), equations.nonNegativeSolution(prior: [1, 3]),
    ] {
      #expect(abs(solution[0] - 1.5) < 1e-6 && abs(solution[1] - 4.5) < 1e-6)
    }
  }
}
