import CZorBAKernels
import ZorBATensor

extension ForwardPass {
  /// y = scale · x Pᵀ: [branches, rows, labels].
  ///
  /// Prototypes are frozen: the same in every branch, and without a gradient of their own.
  func prototypeProducts(_ x: Activation, _ prototypes: Prototypes) -> Activation {
    precondition(x.width == prototypes.width)
    let y = activation(rows: x.rows, width: prototypes.count, branches: x.branches)
    recordPrototypeProducts(x, prototypes, y)
    workspace {
      var job = zk_linear()
      job.weight = UnsafeRawPointer(prototypes.vectors.bytes)
      job.dtype = prototypes.vectors.dtype.kernelCode
      job.n = prototypes.count
      job.k = prototypes.width
      job.batch_invariant = compute.isBatchInvariant ? 1 : 0
      let branch = zk_branch(
        x: x.base, y: y.base, bias: nil, x_stride: x.stride, y_stride: y.stride, rows: x.flatRows,
        direction: -1, scale: 0)
      withUnsafePointer(to: branch) { branch in
        job.branches = branch
        job.branch_count = 1
        let scratch = workerScratch(byteCount: kernels.linear_scratch(&job))
        if !isMeasuring { kernels.linear(&job, 0, prototypes.count, scratch[0]) }
      }
    }
    parallelRows(of: y) { branch, rows in
      for row in rows {
        let start = y.row(row, branch: branch)
        for column in 0..<y.width { start[column] *= Prototypes.scale }
      }
    }
    return y
  }
}
