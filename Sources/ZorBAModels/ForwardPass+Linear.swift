import CZorBAKernels
import ZorBATensor

extension ForwardPass {
  /// y = x Wᵀ + b into a new activation.
  func linear(_ layer: Linear, _ x: Activation) -> Activation {
    let y = activation(rows: x.rows, width: layer.outputs, branches: x.branches)
    linear(layer, x, into: y)
    return y
  }

  /// y = x Wᵀ + b.
  func linear(_ layer: Linear, _ x: Activation, into y: Activation) {
    linear(layer, x, y, accumulate: false)
  }

  /// y += x Wᵀ + b: the projection that closes a residual branch.
  func linear(_ layer: Linear, _ x: Activation, addingTo y: Activation) {
    linear(layer, x, y, accumulate: true)
  }

  private func linear(_ layer: Linear, _ x: Activation, _ y: Activation, accumulate: Bool) {
    precondition(x.width == layer.inputs && y.width == layer.outputs && x.rows == y.rows)
    if let adapter = layer.adapter {
      return adapted(layer.unadapted, adapter, x, y, accumulate: accumulate)
    }
    recordLinear(layer, x, y)
    if let matrix = parameters.quantised(layer.weight) {
      return quantised(layer, matrix, x, y, accumulate: accumulate)
    }
    workspace {
      let biases = layer.bias.map { vectors($0) }
      withJob(layer, accumulate: accumulate) { job in
        let parts = linearBranches(layer, x, y: y.base, yStride: y.stride, biases: biases)
        parts.withUnsafeBufferPointer { branches in
          job.branches = branches.baseAddress
          job.branch_count = branches.count
          let scratch = workerScratch(byteCount: kernels.linear_scratch(&job))
          let width = columnsPerTask(layer.outputs)
          let fixed = job
          let tasks = (layer.outputs + width - 1) / width
          parallel(tasks, work: x.flatRows * layer.inputs * layer.outputs) { index, worker in
            var job = fixed
            let start = index * width
            kernels.linear(&job, start, min(start + width, layer.outputs), scratch[worker])
          }
        }
      }
    }
  }

  /// The kernel's view of a layer, without branches; valid during `body`.
  func withJob(_ layer: Linear, accumulate: Bool, _ body: (inout zk_linear) -> Void) {
    let parameter = parameters[layer.weight]
    let directions =
      isPerturbed(layer.weight)
      ? (plan?.directions ?? []).map { $0.restricted(to: parameter.id) } : []
    directions.withUnsafeBufferPointer { directions in
      var job = zk_linear()
      job.weight = UnsafeRawPointer(parameter.tensor.bytes)
      job.dtype = parameter.tensor.dtype.kernelCode
      job.transposed = layer.layout == .inputsFirst ? 1 : 0
      job.n = layer.outputs
      job.k = layer.inputs
      job.directions = directions.baseAddress
      job.direction_count = directions.count
      job.accumulate = accumulate ? 1 : 0
      job.batch_invariant = compute.isBatchInvariant ? 1 : 0
      body(&job)
    }
  }

  /// One kernel branch per branch in an active block, else a single one with all rows.
  ///
  /// `rows` limits every branch to some of its rows; `y` then is compact: [branches, rows, …].
  func linearBranches(
    _ layer: Linear, _ x: Activation, rows: Range<Int>? = nil, y: UnsafeMutablePointer<Float>,
    yStride: Int, biases: BranchVectors? = nil
  ) -> [zk_branch] {
    let taken = rows ?? 0..<x.rows
    guard isPerturbed(layer.weight), let plan else {
      // Branches of a part of the rows are not adjacent: then each goes by itself.
      let groups = taken.count == x.rows ? 1 : x.branches
      let rowsPerGroup = x.branches / groups * taken.count
      return (0..<groups).map { group in
        zk_branch(
          x: x.row(taken.lowerBound, branch: group), y: y + group * rowsPerGroup * yStride,
          bias: biases.map { UnsafePointer($0[0]) }, x_stride: x.stride, y_stride: yStride,
          rows: rowsPerGroup, direction: -1, scale: 0)
      }
    }
    return (0..<x.branches).map { branch in
      let side = plan.side(ofBranch: firstBranch + branch)
      return zk_branch(
        x: x.row(taken.lowerBound, branch: branch), y: y + branch * taken.count * yStride,
        bias: biases.map { UnsafePointer($0[branch]) }, x_stride: x.stride, y_stride: yStride,
        rows: taken.count, direction: Int32(side.direction), scale: side.scale)
    }
  }

  /// Columns that one task computes: a multiple of 32 giving every thread a few tasks.
  func columnsPerTask(_ columns: Int) -> Int {
    let units = (columns + 31) / 32
    let threads = compute.team.threadCount
    let tasks = threads == 1 ? 1 : min(units, 4 * threads)
    return (units + tasks - 1) / tasks * 32
  }
}
