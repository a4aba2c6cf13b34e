import Testing
import ZorBATestSupport

@testable import ZorBAPlanning

/// The problem is convex: a point is the optimum exactly when it meets the Karush-Kuhn-Tucker
/// conditions, which say nothing about how it was found.
@Suite struct NonNegativeFitTests {
  private func problem(
    _ random: inout SeededGenerator, rows: Int, columns: Int, duplicates: Bool
  ) -> (rows: [[Double]], targets: [Double]) {
    // Constants beside operations: what time is fitted with.
    let magnitudes = [1e-9, 1e-3, 1, 1e6]
    let scales = (0..<columns).map { _ in magnitudes.randomElement(using: &random) ?? 1 }
    let matrix = (0..<rows).map { _ in
      var row = scales.map { $0 * Double.random(in: -1...1, using: &random) }
      if duplicates, columns > 1 { row[columns - 1] = 3 * row[0] }
      return row
    }
    return (matrix, (0..<rows).map { _ in Double.random(in: -1...1, using: &random) })
  }

  @Test func meetsTheOptimalityConditions() {
    for seed in 0..<1000 {
      var random = SeededGenerator(seed: UInt64(seed))
      let columns = Int.random(in: 1...9, using: &random)
      let (rows, targets) = problem(
        &random, rows: Int.random(in: 1...20, using: &random), columns: columns,
        duplicates: seed % 4 == 0)
      let x = NonNegativeFit(rows: rows, targets: targets).solution
      #expect(x.count == columns && x.allSatisfy { $0 >= 0 })
      let residuals = zip(rows, targets).map { row, target in
        zip(row, x).reduce(target) { $0 - $1.0 * $1.1 }
      }
      for column in 0..<columns {
        let length = rows.reduce(0) { $0 + $1[column] * $1[column] }.squareRoot()
        let slope = zip(rows, residuals).reduce(0) { $0 + $1.0[column] * $1.1 } / length
        #expect(slope < 1e-6, "column \(column) would still reduce the residual")
        if x[column] > 0 { #expect(slope > -1e-6, "column \(column) is not at its optimum") }
      }
    }
  }

  @Test func recoversWhatMadeTheTargets() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<100 {
      let truth = (0..<6).map { $0 % 3 == 0 ? 0 : Double.random(in: 0.1...4, using: &random) }
      let rows = (0..<30).map { _ in (0..<6).map { _ in Double.random(in: 0...1, using: &random) } }
      let targets = rows.map { row in zip(row, truth).reduce(0) { $0 + $1.0 * $1.1 } }
      let found = NonNegativeFit(rows: rows, targets: targets).solution
      for (value, expected) in zip(found, truth) { #expect(abs(value - expected) < 1e-6) }
    }
  }

  @Test func degenerateProblemsHaveAnAnswer() {
    #expect(NonNegativeFit(rows: [], targets: []).solution == [])
    #expect(NonNegativeFit(rows: [[0, 0]], targets: [1]).solution == [0, 0])
    #expect(NonNegativeFit(rows: [[1], [1]], targets: [-1, -2]).solution == [0])
  }
}
