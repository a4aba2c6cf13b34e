import CZorBAKernels
import ZorBATensor

/// Linear layers whose matrix is held as NF4: a few dozen rows of it at a time exist as binary32, in the
/// scratch of the worker that multiplies with them.
extension ForwardPass {
  /// y = (or +=) x Wᵀ + b.
  func quantised(
    _ layer: Linear, _ matrix: NF4Matrix, _ x: Activation, _ y: Activation, accumulate: Bool
  ) {
    workspace {
      let bias = layer.bias.map { UnsafePointer(vectors($0)[0]) }
      multiply(
        matrix, x, y, transposed: layer.layout == .outputsFirst, bias: bias,
        accumulate: accumulate)
    }
  }

  /// y = (or +=) x Mᵀ + b or, untransposed, x M + b, of the matrix [rows, columns] as it is stored.
  ///
  /// A layer stored outputs first multiplies by the transpose on its way forward and by the matrix itself
  /// on the way back, y then being the gradient of its input; one stored inputs first the other way round.
  func multiply(
    _ matrix: NF4Matrix, _ x: Activation, _ y: Activation, transposed: Bool,
    bias: UnsafePointer<Float>? = nil, accumulate: Bool
  ) {
    precondition(x.width == (transposed ? matrix.columns : matrix.rows))
    precondition(y.width == (transposed ? matrix.rows : matrix.columns))
    precondition(x.flatRows == y.flatRows)
    // Outputs of one task; of an untransposed product a tile has as many rows besides.
    let outputs = transposed ? Self.rowsPerTile : Self.columnsPerTile
    let depth = transposed ? matrix.columns : Self.rowsPerTile
    workspace {
      var job = zk_linear()
      job.dtype = DType.float32.kernelCode
      job.transposed = transposed ? 0 : 1
      job.n = min(outputs, y.width)
      job.k = min(depth, x.width)
      let tileBytes = (job.n * job.k * 4 + 63) / 64 * 64
      let scratch = withBranch(&job, x: x, y: y, column: 0, output: 0, bias: nil) {
        workerScratch(byteCount: tileBytes + kernels.linear_scratch(&$0))
      }
      let tasks = (y.width + outputs - 1) / outputs
      parallel(tasks, work: x.flatRows * matrix.rows * matrix.columns) { index, worker in
        let tile = scratch[worker].assumingMemoryBound(to: Float.self)
        let first = index * outputs
        let columns = first..<min(first + outputs, y.width)
        for start in stride(from: 0, to: x.width, by: depth) {
          let taken = start..<min(start + depth, x.width)
          var job = zk_linear()
          job.weight = UnsafeRawPointer(tile)
          job.dtype = DType.float32.kernelCode
          job.transposed = transposed ? 0 : 1
          job.n = columns.count
          job.k = taken.count
          job.accumulate = accumulate || start > 0 ? 1 : 0
          job.batch_invariant = compute.isBatchInvariant ? 1 : 0
          if transposed {
            matrix.dequantise(
              from: first * matrix.columns, count: columns.count * matrix.columns, into: tile)
          } else {
            for row in taken {
              matrix.dequantise(
                from: row * matrix.columns + first, count: columns.count,
                into: tile + (row - start) * columns.count)
            }
          }
          withBranch(
            &job, x: x, y: y, column: start, output: first, bias: start == 0 ? bias : nil
          ) {
            kernels.linear(&$0, 0, columns.count, scratch[worker] + tileBytes)
          }
        }
      }
    }
  }

  private static let rowsPerTile = 64
  private static let columnsPerTile = 128

  /// All rows of all branches as one kernel branch: a quantised matrix is the same in each.
  private func withBranch<Result>(
    _ job: inout zk_linear, x: Activation, y: Activation, column: Int, output: Int,
    bias: UnsafePointer<Float>?, _ body: (inout zk_linear) -> Result
  ) -> Result {
    let branch = zk_branch(
      x: x.base + column, y: y.base + output, bias: bias.map { $0 + output },
      x_stride: x.stride, y_stride: y.stride, rows: x.flatRows, direction: -1, scale: 0)
    return withUnsafePointer(to: branch) { pointer in
      job.branches = pointer
      job.branch_count = 1
      return body(&job)
    }
  }
}
