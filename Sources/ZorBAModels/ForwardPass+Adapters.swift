import CZorBAKernels
import ZorBATensor

extension ForwardPass {
  /// A layer with its adapter: y = (or +=) what the adapted layer makes of x.
  ///
  /// - Parameter layer: The layer without its adapter.
  func adapted(
    _ layer: Linear, _ adapter: LinearAdapter, _ x: Activation, _ y: Activation, accumulate: Bool
  ) {
    switch adapter {
    case .lowRank(let adapter):
      apply(layer, x, y, accumulate: accumulate)
      scope {
        let inner = linear(adapter.down, dropout(x, rate: adapter.dropout, of: adapter.down))
        scale(inner, by: adapter.scale)
        linear(adapter.up, inner, addingTo: y)
      }
    case .inputScale(let vector):
      scope {
        let scaled = activation(like: x)
        scaleColumns(x, by: vector, into: scaled)
        apply(layer, scaled, y, accumulate: accumulate)
      }
    case .outputScale(let vector):
      guard accumulate else {
        linear(layer, x, into: y)
        return scaleColumns(y, by: vector, into: y)
      }
      scope {
        let term = linear(layer, x)
        scaleColumns(term, by: vector, into: term)
        add(term, to: y)
      }
    }
  }

  private func apply(_ layer: Linear, _ x: Activation, _ y: Activation, accumulate: Bool) {
    if accumulate { linear(layer, x, addingTo: y) } else { linear(layer, x, into: y) }
  }

  // MARK: - Primitive operations

  /// x ← factor · x, in place.
  func scale(_ x: Activation, by factor: Float) {
    guard factor != 1 else { return }
    recordScaling(x, factor)
    parallelRows(of: x) { branch, rows in
      for row in rows {
        let values = x.row(row, branch: branch)
        for column in 0..<x.width { values[column] *= factor }
      }
    }
  }

  /// y = x · vector, column by column; `x` and `y` may be the same.
  func scaleColumns(_ x: Activation, by vector: ParameterHandle, into y: Activation) {
    precondition(x.width == y.width && x.rows == y.rows && x.branches == y.branches)
    recordColumnScaling(x, vector, y)
    workspace {
      let factors = vectors(vector)
      parallelRows(of: x) { branch, rows in
        let factors = factors[branch]
        for row in rows {
          let values = x.row(row, branch: branch)
          let out = y.row(row, branch: branch)
          for column in 0..<x.width { out[column] = values[column] * factors[column] }
        }
      }
    }
  }

  /// y += x.
  func add(_ x: Activation, to y: Activation) {
    precondition(x.width == y.width && x.rows == y.rows && x.branches == y.branches)
    recordAddition(x, y)
    parallelRows(of: x) { branch, rows in
      for row in rows {
        kernels.add(y.row(row, branch: branch), x.row(row, branch: branch), x.width)
      }
    }
  }

  /// x with a share of its elements left out and the others enlarged to make up for it; x itself outside
  /// training.
  ///
  /// - Parameter layer: Whose masks are drawn: they depend on the pass's seed, the layer, row and column
  ///   alone, so that a row computed again is dropped again in the same places.
  func dropout(_ x: Activation, rate: Float, of layer: Linear) -> Activation {
    guard rate > 0, let dropoutSeed else { return x }
    let kept = activation(like: x)
    let mask = DropoutMask(seed: dropoutSeed, tensor: parameters[layer.weight].id, rate: rate)
    recordDropout(x, mask, kept)
    parallelRows(of: x) { branch, rows in
      for row in rows {
        mask.apply(row: row, x.row(row, branch: branch), kept.row(row, branch: branch), x.width)
      }
    }
    return kept
  }
}

/// Which elements of an activation are left out, and what the others are multiplied by.
struct DropoutMask: Sendable {
  let seed: UInt64
  let tensor: TensorID
  /// Share left out, below 1.
  let rate: Float

  /// The domain of masks in the random generator's counters.
  private static let domain: UInt32 = 3

  /// out = in · mask / (1 − rate) over one row; `input` and `out` may be the same. Its own transpose, so a
  /// gradient passes through the same call.
  func apply(
    row: Int, _ input: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ width: Int
  ) {
    let threshold = UInt32(min(Double(rate) * 0x1p32, 0x1p32 - 1))
    let factor = 1 / (1 - rate)
    var words: [UInt32] = [0, 0, 0, 0]
    for column in 0..<width {
      if column % 4 == 0 {
        let counter = [
          UInt32(column / 4), UInt32(truncatingIfNeeded: row), tensor.rawValue, Self.domain,
        ]
        zk_philox(seed, counter, &words)
      }
      out[column] = words[column % 4] < threshold ? 0 : input[column] * factor
    }
  }
}
