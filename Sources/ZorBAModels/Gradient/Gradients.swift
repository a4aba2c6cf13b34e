package import ZorBATensor

/// The gradient of a loss: one binary32 buffer for each trainable parameter, in their order.
///
/// Whatever type weights are stored in, their gradient is binary32. Buffers start at zero and are
/// added to by `Model.accumulateGradient`; their pages cost nothing until then.
///
/// `@unchecked Sendable`: whoever holds it uses it from one task at a time.
package final class Gradients: @unchecked Sendable {
  /// The parameters, as in `ParameterSet.all`.
  package let parameters: [Parameter]
  private let buffers: [AlignedBuffer]
  private let compute: ComputeContext

  /// Zero gradients of `set`.
  ///
  /// - Parameter compute: The threads that walk the buffers.
  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted.
  package init(of set: ParameterSet, compute: ComputeContext) throws {
    parameters = set.all
    buffers = try parameters.map { try AlignedBuffer(byteCount: $0.tensor.elementCount * 4) }
    self.compute = compute
  }

  /// Elements of all buffers.
  package var elementCount: Int { parameters.reduce(0) { $0 + $1.tensor.elementCount } }

  /// The gradient of parameter `index`, in the shape of its tensor.
  package subscript(index: Int) -> UnsafeMutableBufferPointer<Float> {
    let count = parameters[index].tensor.elementCount
    return UnsafeMutableBufferPointer(
      start: buffers[index].bytes.bindMemory(to: Float.self, capacity: count), count: count)
  }

  /// Sets every element to zero.
  package func zero() { forEachPiece { piece, _ in piece.update(repeating: 0) } }

  /// Multiplies every element.
  package func scale(by factor: Float) {
    forEachPiece { piece, _ in for index in piece.indices { piece[index] *= factor } }
  }

  /// The Euclidean norm over all parameters, summed in binary64 in an order that does not depend
  /// on the threads.
  package var norm: Double {
    var squares = [Double](repeating: 0, count: pieces.count)
    squares.withUnsafeMutableBufferPointer { squares in
      nonisolated(unsafe) let squares = squares
      forEachPiece { piece, index in
        // Four sums, so that additions need not wait for each other.
        var sums = SIMD4<Double>.zero
        var place = 0
        while place + 4 <= piece.count {
          let values = SIMD4<Double>(
            Double(piece[place]), Double(piece[place + 1]), Double(piece[place + 2]),
            Double(piece[place + 3]))
          sums += values * values
          place += 4
        }
        for value in piece[place...] { sums[0] += Double(value) * Double(value) }
        squares[index] = sums.sum()
      }
    }
    return squares.reduce(0, +).squareRoot()
  }

  /// Elements that one hand-over to a thread covers.
  private static let pieceLength = 1 << 18

  /// Stretches that together are every element once.
  private lazy var pieces: [(parameter: Int, range: Range<Int>)] = parameters.indices.flatMap {
    index in
    let count = parameters[index].tensor.elementCount
    return stride(from: 0, to: count, by: Self.pieceLength).map {
      (index, $0..<min($0 + Self.pieceLength, count))
    }
  }

  private func forEachPiece(_ body: (UnsafeMutableBufferPointer<Float>, Int) -> Void) {
    let pieces = pieces
    compute.team.forEach(pieces.count) { index, _ in
      let (parameter, range) = pieces[index]
      body(UnsafeMutableBufferPointer(rebasing: self[parameter][range]), index)
    }
  }
}
