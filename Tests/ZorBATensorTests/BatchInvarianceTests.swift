import CZorBAKernels
import Testing
import ZorBATensor
import ZorBATestSupport

/// Rows multiplied together have the bits of rows multiplied alone, where that is asked for.
@Suite struct BatchInvarianceTests {
  @Test(arguments: InstructionSet.available, DType.allCases)
  func aRowDoesNotDependOnTheOthers(_ set: InstructionSet, _ dtype: DType) {
    var random = SeededGenerator(seed: 61)
    let kernels = KernelTable(set)
    for round in 0..<40 {
      var together = LinearProblem(
        dtype: dtype, transposed: round % 2 == 1, n: random.pick(1...150), k: random.pick(1...600),
        &random)
      together.accumulate = Bool.random(using: &random)
      together.isBatchInvariant = true
      let rows = random.pick(2...40)
      for _ in 0..<random.pick(1...4) {
        together.addBranch(rows: rows, direction: random.pick(-1...1), &random)
      }
      let whole = together.run(kernels, columns: 0..<together.n)
      // From one row, which has a way of its own, to most of them.
      let count = random.pick(1...rows)
      let first = random.pick(0...rows - count)
      let part = together.rows(first..<first + count).run(kernels, columns: 0..<together.n)
      for (whole, part) in zip(whole, part) {
        for row in 0..<count {
          for column in 0..<together.n {
            let (alone, beside) = (
              part[row * together.yStride + column],
              whole[(first + row) * together.yStride + column]
            )
            guard alone != beside else { continue }
            Issue.record("row \(row) of \(count), column \(column): \(alone), else \(beside)")
            return
          }
        }
      }
    }
  }

  /// Whoever does not ask gets the faster way for a few rows; otherwise the test above shows nothing.
  @Test func fewRowsAreSummedInAnotherOrder() throws {
    let set = try #require(InstructionSet.available.last { $0 != .scalar }, "vector kernels")
    var random = SeededGenerator(seed: 62)
    var problem = LinearProblem(dtype: .float32, transposed: false, n: 64, k: 500, &random)
    problem.addBranch(rows: 1, direction: 0, &random)
    let fast = problem.run(KernelTable(set), columns: 0..<64)
    problem.isBatchInvariant = true
    #expect(problem.run(KernelTable(set), columns: 0..<64) != fast)
  }
}

extension LinearProblem {
  /// The same product for some of every branch's rows.
  fileprivate func rows(_ rows: Range<Int>) -> LinearProblem {
    var part = self
    for index in branches.indices {
      let branch = branches[index]
      part.branches[index].x = Array(
        branch.x[rows.lowerBound * xStride..<rows.upperBound * xStride])
      part.branches[index].y = Array(
        branch.y[rows.lowerBound * yStride..<rows.upperBound * yStride])
      part.branches[index].rows = rows.count
    }
    return part
  }
}
