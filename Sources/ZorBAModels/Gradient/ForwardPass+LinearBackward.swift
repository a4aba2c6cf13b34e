import CZorBAKernels
import ZorBATensor

extension ForwardPass {
  /// Leaves the step of y = x Wᵀ + b or y += x Wᵀ + b.
  func recordLinear(_ layer: Linear, _ x: Activation, _ y: Activation) {
    guard let recorder else { return }
    let needsWeight = needsGradient(layer.weight)
    let bias = layer.bias.flatMap { needsGradient($0) ? $0 : nil }
    let flows = recorder.isTracked(x)
    let kept = needsWeight ? recorder.keep(x) : nil
    recorder.willOverwrite(y, self)
    guard needsWeight || bias != nil || flows else { return }
    recorder.track(y)
    recorder.append { pass in
      let dy = pass.gradient(of: y)
      if let kept { pass.addWeightGradient(layer, x: kept.values, dy: dy) }
      if let bias { pass.addColumns(of: dy, to: pass.gradient(of: bias)) }
      if flows { pass.linearTransposed(layer, dy, addingTo: pass.gradient(of: x)) }
    }
  }

  /// dx += dy W.
  func linearTransposed(_ layer: Linear, _ dy: Activation, addingTo dx: Activation) {
    if let matrix = parameters.quantised(layer.weight) {
      return multiply(
        matrix, dy, dx, transposed: layer.layout == .inputsFirst, accumulate: true)
    }
    workspace {
      withJob(layer, accumulate: true) { job in
        // The same matrix, read the other way round.
        job.transposed = 1 - job.transposed
        (job.n, job.k) = (job.k, job.n)
        product(job, dy, into: dx.base, stride: dx.stride)
      }
    }
  }

  /// dW += dyᵀ x, in the layout of W.
  private func addWeightGradient(_ layer: Linear, x: Activation, dy: Activation) {
    let (left, right) = layer.layout == .outputsFirst ? (dy, x) : (x, dy)
    addTransposedProduct(left, right, to: gradient(of: layer.weight))
  }

  /// sum += leftᵀ right: [left.width, right.width], summed over rows.
  func addTransposedProduct(
    _ left: Activation, _ right: Activation, to sum: UnsafeMutablePointer<Float>?
  ) {
    workspace {
      let turned = transposed(left)
      let matrix = compact(right)
      var job = zk_linear()
      job.weight = UnsafeRawPointer(matrix.base)
      job.dtype = DType.float32.kernelCode
      job.transposed = 1
      job.n = right.width
      job.k = right.flatRows
      job.accumulate = 1
      // While measuring any address will do.
      product(job, turned, into: sum ?? turned.base, stride: right.width)
    }
  }

  /// The job's product with the rows of `x`, over all threads.
  func product(
    _ job: zk_linear, _ x: Activation, into y: UnsafeMutablePointer<Float>, stride: Int,
    bias: UnsafePointer<Float>? = nil
  ) {
    var job = job
    let branch = zk_branch(
      x: x.base, y: y, bias: bias, x_stride: x.stride, y_stride: stride, rows: x.flatRows,
      direction: -1, scale: 0)
    withUnsafePointer(to: branch) { branch in
      job.branches = branch
      job.branch_count = 1
      let scratch = workerScratch(byteCount: kernels.linear_scratch(&job))
      let outputs = job.n
      let width = columnsPerTask(outputs)
      let fixed = job
      parallel((outputs + width - 1) / width, work: x.flatRows * job.k * outputs) {
        index, worker in
        var job = fixed
        let start = index * width
        kernels.linear(&job, start, min(start + width, outputs), scratch[worker])
      }
    }
  }

  /// The rows of `x` as columns: [width, rows].
  private func transposed(_ x: Activation) -> Activation {
    let rows = x.flatRows
    let turned = Activation(
      base: arena.allocate(Float.self, count: rows * x.width), branches: 1, rows: x.width,
      width: rows, stride: rows)
    forColumns(of: x) { columns in
      kernels.transpose(
        x.base + columns.lowerBound, rows, columns.count, x.stride,
        turned.row(columns.lowerBound), rows)
    }
    return turned
  }

  /// sums += the sum of all rows.
  func addColumns(of x: Activation, to sums: UnsafeMutablePointer<Float>?) {
    forColumns(of: x) { columns in
      guard let sums else { return }
      kernels.add_columns(
        sums + columns.lowerBound, x.base + columns.lowerBound, x.flatRows, columns.count,
        x.stride)
    }
  }

  /// Calls `body` on pieces of the columns of `x` that together are every column once.
  ///
  /// Sums over rows stay in one thread, so they do not depend on how many there are.
  func forColumns(of x: Activation, _ body: (Range<Int>) -> Void) {
    let width = 64
    parallel((x.width + width - 1) / width, work: 4 * x.flatRows * x.width) { index, _ in
      let start = index * width
      body(start..<min(start + width, x.width))
    }
  }
}
