import CZorBAKernels
import ZorBATensor

/// What the operations of adapters pass back.
extension ForwardPass {
  /// Leaves the step of x ← factor · x.
  func recordScaling(_ x: Activation, _ factor: Float) {
    guard let recorder else { return }
    recorder.willOverwrite(x, self)
    guard recorder.isTracked(x) else { return }
    recorder.append { pass in
      let d = pass.gradient(of: x)
      pass.parallelRows(of: d) { branch, rows in
        for row in rows {
          let values = d.row(row, branch: branch)
          for column in 0..<d.width { values[column] *= factor }
        }
      }
    }
  }

  /// Leaves the step of y = x · vector, column by column; `x` and `y` may be the same.
  func recordColumnScaling(_ x: Activation, _ vector: ParameterHandle, _ y: Activation) {
    guard let recorder else { return }
    let needsVector = needsGradient(vector)
    let flows = recorder.isTracked(x)
    let kept = needsVector ? recorder.keep(x) : nil
    recorder.willOverwrite(y, self)
    guard needsVector || flows else { return }
    recorder.track(y)
    let isInPlace = x.base == y.base
    recorder.append { pass in
      let dy = pass.gradient(of: y)
      if let kept { pass.addProducts(of: dy, kept.values, to: pass.gradient(of: vector)) }
      guard flows else { return }
      pass.scaleColumns(dy, vector, into: pass.gradient(of: x), replacing: isInPlace)
    }
  }

  /// dx = or += dy · vector.
  private func scaleColumns(
    _ dy: Activation, _ vector: ParameterHandle, into dx: Activation, replacing: Bool
  ) {
    workspace {
      let factors = vectors(vector)
      parallelRows(of: dy) { branch, rows in
        let factors = factors[branch]
        for row in rows {
          let from = dy.row(row, branch: branch)
          let to = dx.row(row, branch: branch)
          if replacing {
            for column in 0..<dy.width { to[column] = from[column] * factors[column] }
          } else {
            for column in 0..<dy.width { to[column] += from[column] * factors[column] }
          }
        }
      }
    }
  }

  /// sums += Σ over rows of x · y.
  private func addProducts(
    of x: Activation, _ y: Activation, to sums: UnsafeMutablePointer<Float>?
  ) {
    forColumns(of: x) { columns in
      guard let sums else { return }
      for row in 0..<x.flatRows {
        let left = x.row(row)
        let right = y.row(row)
        for column in columns { sums[column] += left[column] * right[column] }
      }
    }
  }

  /// Leaves the step of y += x.
  func recordAddition(_ x: Activation, _ y: Activation) {
    guard let recorder else { return }
    recorder.willOverwrite(y, self)
    guard recorder.isTracked(x) else { return }
    recorder.track(y)
    recorder.append { pass in
      let dy = pass.gradient(of: y)
      let dx = pass.gradient(of: x)
      pass.parallelRows(of: dy) { branch, rows in
        for row in rows {
          pass.kernels.add(dx.row(row, branch: branch), dy.row(row, branch: branch), dy.width)
        }
      }
    }
  }

  /// Leaves the step of a dropout: its mask is drawn again, not kept.
  func recordDropout(_ x: Activation, _ mask: DropoutMask, _ y: Activation) {
    guard let recorder, recorder.isTracked(x) else { return }
    recorder.track(y)
    recorder.append { pass in
      let dy = pass.gradient(of: y)
      let dx = pass.gradient(of: x)
      pass.parallelRows(of: dy) { branch, rows in
        for row in rows {
          let from = dy.row(row, branch: branch)
          mask.apply(row: row, from, from, dy.width)
          pass.kernels.add(dx.row(row, branch: branch), from, dy.width)
        }
      }
    }
  }
}
