package import ZorBATensor

/// Shortens a gradient that is too long, over all of its tensors at once, as PyTorch's
/// `clip_grad_norm_` does: by min(1, limit / (norm + 1e-6)).
package enum GradientClipping {
  /// The Euclidean norm over some tensors, summed in binary64.
  package static func norm(
    _ gradients: [UnsafeMutableBufferPointer<Float>], of chosen: [Int], context: ComputeContext
  ) -> Double {
    let pieces = BufferPieces(gradients.map(\.count), chosen: chosen).pieces
    var sums = [Double](repeating: 0, count: pieces.count)
    sums.withUnsafeMutableBufferPointer { sums in
      nonisolated(unsafe) let sums = sums
      context.team.forEach(pieces.count) { index, _ in
        let piece = pieces[index]
        sums[index] = squares(
          UnsafeBufferPointer(rebasing: gradients[piece.tensor][piece.range]))
      }
    }
    return sums.reduce(0, +).squareRoot()
  }

  /// Four running sums, so that the loop is not bound by the latency of one.
  private static func squares(_ values: UnsafeBufferPointer<Float>) -> Double {
    var (a, b, c, d) = (0.0, 0.0, 0.0, 0.0)
    let whole = values.count & ~3
    var index = 0
    while index < whole {
      let w = Double(values[index])
      let x = Double(values[index + 1])
      let y = Double(values[index + 2])
      let z = Double(values[index + 3])
      a += w * w
      b += x * x
      c += y * y
      d += z * z
      index += 4
    }
    while index < values.count {
      a += Double(values[index]) * Double(values[index])
      index += 1
    }
    return (a + b) + (c + d)
  }

  /// Clips some tensors together.
  ///
  /// - Parameter limit: The longest norm; 0 clips nothing.
  /// - Returns: The norm before. Not finite when the gradient is not, which is then left as it is.
  @discardableResult
  package static func clip(
    _ gradients: [UnsafeMutableBufferPointer<Float>], of chosen: [Int], to limit: Double,
    context: ComputeContext
  ) -> Double {
    let norm = norm(gradients, of: chosen, context: context)
    guard limit > 0, norm.isFinite else { return norm }
    let factor = limit / (norm + 1e-6)
    if factor < 1 { scale(gradients, of: chosen, by: Float(factor), context: context) }
    return norm
  }

  /// Multiplies every element of some tensors.
  package static func scale(
    _ gradients: [UnsafeMutableBufferPointer<Float>], of chosen: [Int], by factor: Float,
    context: ComputeContext
  ) {
    let pieces = BufferPieces(gradients.map(\.count), chosen: chosen).pieces
    context.team.forEach(pieces.count) { index, _ in
      let piece = pieces[index]
      let values = gradients[piece.tensor]
      for element in piece.range { values[element] *= factor }
    }
  }

  /// Adds strength (w - anchor) to the gradient: FedProx (Li et al. 2020).
  package static func pull(
    _ gradients: [UnsafeMutableBufferPointer<Float>],
    of weights: [UnsafeMutableBufferPointer<Float>],
    towards anchor: [UnsafeMutableBufferPointer<Float>], chosen: [Int], strength: Float,
    context: ComputeContext
  ) {
    let pieces = BufferPieces(gradients.map(\.count), chosen: chosen).pieces
    context.team.forEach(pieces.count) { index, _ in
      let piece = pieces[index]
      let gradient = gradients[piece.tensor]
      let weight = weights[piece.tensor]
      let origin = anchor[piece.tensor]
      for element in piece.range {
        gradient[element] += strength * (weight[element] - origin[element])
      }
    }
  }
}
