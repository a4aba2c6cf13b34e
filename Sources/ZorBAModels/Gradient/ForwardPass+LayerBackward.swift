import CZorBAKernels
import ZorBATensor

/// What norms and pointwise functions pass back.
extension ForwardPass {
  /// Leaves the step of a norm; `x` and `y` may be the same.
  func recordNorm(_ norm: Norm, _ x: Activation, _ y: Activation, centred: Bool) {
    guard let recorder else { return }
    let weight = norm.weight.flatMap { needsGradient($0) ? $0 : nil }
    let bias = norm.bias.flatMap { needsGradient($0) ? $0 : nil }
    let flows = recorder.isTracked(x)
    guard weight != nil || bias != nil || flows else {
      return recorder.willOverwrite(y, self)
    }
    let kept = recorder.keep(x)
    recorder.willOverwrite(y, self)
    recorder.track(y)
    recorder.append { pass in
      let dy = pass.gradient(of: y)
      pass.normBackward(
        norm, x: kept.values, dy: dy, dx: flows ? pass.gradient(of: x) : nil,
        weight: weight, bias: bias, centred: centred)
    }
  }

  private func normBackward(
    _ norm: Norm, x: Activation, dy: Activation, dx: Activation?, weight: ParameterHandle?,
    bias: ParameterHandle?, centred: Bool
  ) {
    workspace {
      let weights = norm.weight.map { vectors($0) }
      // Pieces of the rows gather sums of their own, so that sums do not depend on the threads.
      let rows = x.flatRows
      let pieces = min(Self.normPieces, rows)
      let width = norm.width
      let sums = arena.allocate(Float.self, count: 2 * pieces * width)
      parallel(pieces, work: 8 * rows * width) { piece, _ in
        let part = rows * piece / pieces..<rows * (piece + 1) / pieces
        let own = sums + 2 * piece * width
        own.update(repeating: 0, count: 2 * width)
        var job = zk_norm_backward()
        job.x = UnsafePointer(x.row(part.lowerBound))
        job.d_y = UnsafePointer(dy.row(part.lowerBound))
        job.weight = weights.map { UnsafePointer($0[0]) }
        job.d_x = dx?.row(part.lowerBound)
        job.d_weight = weight == nil ? nil : own
        job.d_bias = bias == nil ? nil : own + width
        job.x_stride = x.stride
        job.d_y_stride = dy.stride
        job.d_x_stride = dx?.stride ?? 0
        job.rows = part.count
        job.width = width
        job.epsilon = model.normEpsilon
        job.centred = centred ? 1 : 0
        // A norm in place has one gradient for both: that of y becomes that of x.
        job.accumulate = dx?.base == dy.base ? 0 : 1
        kernels.norm_backward(&job)
      }
      let gathered = Activation(
        base: sums, branches: 1, rows: pieces, width: 2 * width, stride: 2 * width)
      if let weight {
        addColumns(of: gathered.columns(0, width: width), to: gradient(of: weight))
      }
      if let bias {
        addColumns(of: gathered.columns(width, width: width), to: gradient(of: bias))
      }
    }
  }

  private static let normPieces = 16

  /// Leaves the step of a pointwise function in place.
  func recordActivation(_ function: ActivationFunction, _ x: Activation) {
    guard let recorder else { return }
    let flows = recorder.isTracked(x)
    // The slope of ReLU shows in its result; the others need what they were given.
    let before = flows && function != .relu ? recorder.keep(x) : nil
    recorder.willOverwrite(x, self)
    guard flows else { return }
    let kept = before ?? recorder.keep(x)
    recorder.append { pass in
      let d = pass.gradient(of: x)
      pass.parallelRows(of: d) { branch, rows in
        let count = rows.count * d.width
        let to = d.row(rows.lowerBound, branch: branch)
        let from = kept.values.row(rows.lowerBound, branch: branch)
        switch function {
        case .relu: pass.kernels.relu_backward(to, from, count)
        case .gelu: pass.kernels.gelu_backward(to, from, count)
        case .geluTanh: pass.kernels.gelu_tanh_backward(to, from, count)
        case .silu: pass.kernels.silu_backward(to, from, count)
        }
      }
    }
  }

  /// Leaves the step of gate ← silu(gate) · up.
  func recordGate(_ gate: Activation, _ up: Activation) {
    guard let recorder else { return }
    let flows = recorder.isTracked(gate) || recorder.isTracked(up)
    guard flows else { return recorder.willOverwrite(gate, self) }
    let keptGate = recorder.keep(gate)
    let keptUp = recorder.keep(up)
    recorder.willOverwrite(gate, self)
    recorder.track(gate)
    // One kernel makes both; a gradient that nobody asked for costs its memory only.
    recorder.track(up)
    recorder.append { pass in
      let d = pass.gradient(of: gate)
      let dUp = pass.gradient(of: up)
      pass.parallelRows(of: d) { branch, rows in
        let first = rows.lowerBound
        pass.kernels.silu_multiply_backward(
          d.row(first, branch: branch), dUp.row(first, branch: branch),
          keptGate.values.row(first, branch: branch), keptUp.values.row(first, branch: branch),
          rows.count * d.width)
      }
    }
  }
}
