package import ZorBATensor

/// Which tensors a dense update holds, in what order, and how they are cut into rows.
///
/// Tensors stand by block, then by role. Rows are those of `Tensor`: a vector or scalar is one row.
package struct DenseLayout: Hashable, Sendable {
  /// One tensor.
  package struct Entry: Hashable, Sendable {
    package let id: TensorID
    package let rowCount: Int
    package let rowLength: Int

    package var elementCount: Int { rowCount * rowLength }
  }

  package let entries: [Entry]

  /// More elements than any model has, so that counts of bytes stay far from overflow.
  private static let maximumElementCount = 1 << 48

  /// The tensors of some blocks of a model.
  ///
  /// - Parameters:
  ///   - blocks: Ascending.
  ///   - shapes: [blocks][roles], perhaps from a file.
  /// - Returns: Nil when a block is not there, or a shape is none that a tensor can have.
  package init?(blocks: [Int], shapes: [[[Int]]]) {
    var entries: [Entry] = []
    var total = 0
    for block in blocks {
      guard shapes.indices.contains(block), block < 1 << 20, shapes[block].count <= 4096 else {
        return nil
      }
      for (role, shape) in shapes[block].enumerated() {
        var count = 1
        for extent in shape {
          let (product, overflow) = count.multipliedReportingOverflow(by: extent)
          guard extent >= 0, !overflow, product <= Self.maximumElementCount else { return nil }
          count = product
        }
        total += count
        guard total <= Self.maximumElementCount else { return nil }
        let length = shape.count < 2 ? count : shape[shape.count - 1]
        entries.append(
          Entry(
            id: TensorID(block: block, role: role),
            rowCount: length == 0 ? 0 : count / length, rowLength: length))
      }
    }
    self.entries = entries
  }

  /// The tensors of some blocks of a model, ascending.
  package init(blocks: [Int], of parameters: ParameterSet) {
    entries = blocks.flatMap { parameters.blocks[$0] }.map {
      Entry(
        id: $0.id, rowCount: $0.tensor.elementCount == 0 ? 0 : $0.tensor.rowCount,
        rowLength: $0.tensor.rowLength)
    }
  }

  package var elementCount: Int { entries.reduce(0) { $0 + $1.elementCount } }

  /// Bytes of an update of these tensors.
  package func byteCount(_ encoding: DenseEncoding) -> Int {
    switch encoding {
    case .float32: 4 * elementCount
    case .int8: entries.reduce(0) { $0 + $1.rowCount * (4 + $1.rowLength) }
    }
  }
}
