import CZorBAKernels
import ZorBATensor

/// What the heads of encoders pass back.
extension ForwardPass {
  /// One value that was read from a head's outputs.
  struct PooledValue {
    let row: Int
    let column: Int
    /// Among all values.
    let place: Int
  }

  /// Leaves the step of reading values from a head's outputs: [sequences, outputs].
  func recordPooledValues(_ outputs: Activation, _ values: [PooledValue]) {
    guard let recorder, recorder.isTracked(outputs) else { return }
    recorder.append { pass in
      let d = pass.gradient(of: outputs)
      guard !pass.isMeasuring, let derivatives = pass.tape?.derivatives else { return }
      for value in values {
        d.row(value.row)[value.column] += Float(derivatives[value.place])
      }
    }
  }

  /// Leaves the step of x ← tanh x: its slope shows in its result.
  func recordTanh(_ x: Activation) {
    guard let recorder else { return }
    recorder.willOverwrite(x, self)
    guard recorder.isTracked(x) else { return }
    let kept = recorder.keep(x)
    recorder.append { pass in
      let d = pass.gradient(of: x)
      pass.parallelRows(of: d) { branch, rows in
        for row in rows {
          let to = d.row(row, branch: branch)
          let y = kept.values.row(row, branch: branch)
          for column in 0..<d.width { to[column] *= 1 - y[column] * y[column] }
        }
      }
    }
  }

  /// Leaves the step of the means of consecutive rows.
  func recordMeanPool(_ x: Activation, starts: [Int], counts: [Int], _ pooled: Activation) {
    guard let recorder, recorder.isTracked(x) else { return }
    recorder.track(pooled)
    recorder.append { pass in
      let d = pass.gradient(of: pooled)
      let dx = pass.gradient(of: x)
      pass.parallelRows(of: d) { branch, rows in
        for row in rows {
          for place in starts[row]..<starts[row] + counts[row] {
            pass.kernels.add_multiple(
              dx.row(place, branch: branch), 1 / Float(counts[row]), d.row(row, branch: branch),
              d.width)
          }
        }
      }
    }
  }

  /// Leaves the step of x ← x / ‖x‖: dx = (dy − y (y · dy)) / ‖x‖.
  ///
  /// - Returns: Where the rows' 1 / ‖x‖ are wanted; nil unless a gradient goes through.
  func recordRowNormalisation(_ x: Activation) -> UnsafeMutablePointer<Float>? {
    guard let recorder else { return nil }
    recorder.willOverwrite(x, self)
    guard recorder.isTracked(x) else { return nil }
    let kept = recorder.keep(x)
    let factors = arena.allocate(Float.self, count: x.flatRows)
    recorder.append { pass in
      let d = pass.gradient(of: x)
      pass.parallelRows(of: d) { branch, rows in
        for row in rows {
          let to = d.row(row, branch: branch)
          let y = kept.values.row(row, branch: branch)
          var product = 0.0
          for column in 0..<d.width { product += Double(y[column]) * Double(to[column]) }
          let along = Float(product)
          for column in 0..<d.width {
            to[column] = (to[column] - y[column] * along) * factors[row]
          }
        }
      }
    }
    return factors
  }

  /// Leaves the step of y = scale · x Pᵀ: dx += scale · dy P. Prototypes are frozen.
  func recordPrototypeProducts(_ x: Activation, _ prototypes: Prototypes, _ y: Activation) {
    guard let recorder, recorder.isTracked(x) else { return }
    recorder.track(y)
    recorder.append { pass in
      let dy = pass.gradient(of: y)
      let dx = pass.gradient(of: x)
      let vectors = prototypes.vectors
      pass.parallelRows(of: dx) { branch, rows in
        for row in rows {
          let weights = dy.row(row, branch: branch)
          for label in 0..<dy.width where weights[label] != 0 {
            let vector = vectors.row(label).assumingMemoryBound(to: Float.self)
            pass.kernels.add_multiple(
              dx.row(row, branch: branch), Prototypes.scale * weights[label], vector, dx.width)
          }
        }
      }
    }
  }
}
