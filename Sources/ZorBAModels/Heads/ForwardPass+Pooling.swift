import CZorBAKernels

extension ForwardPass {
  /// The mean of consecutive rows: row i is that of the next `counts[i]` rows of `x`.
  ///
  /// - Parameter counts: Each at least 1; their sum is the number of rows of `x`.
  func meanPool(_ x: Activation, counts: [Int]) -> Activation {
    precondition(counts.allSatisfy { $0 > 0 } && counts.reduce(0, +) == x.rows)
    var starts: [Int] = []
    var next = 0
    for count in counts {
      starts.append(next)
      next += count
    }
    let pooled = activation(rows: counts.count, width: x.width, branches: x.branches)
    recordMeanPool(x, starts: starts, counts: counts, pooled)
    parallelRows(of: pooled) { branch, rows in
      for row in rows {
        let mean = pooled.row(row, branch: branch)
        mean.update(from: x.row(starts[row], branch: branch), count: x.width)
        for other in 1..<max(1, counts[row]) {
          kernels.add(mean, x.row(starts[row] + other, branch: branch), x.width)
        }
        let share = 1 / Float(counts[row])
        for column in 0..<x.width { mean[column] *= share }
      }
    }
    return pooled
  }
}
