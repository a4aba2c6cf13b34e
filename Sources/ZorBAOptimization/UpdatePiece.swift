import ZorBADiagnostics
import ZorBATensor

/// A part of one tensor that one thread updates: whole rows, or a range of one row.
struct UpdatePiece {
  let parameter: Parameter
  let rows: Range<Int>
  /// Starts at a multiple of 32, the group in which random words come.
  let columns: Range<Int>

  /// Elements a piece aims at: small enough to share out, large enough to hide its set-up.
  private static let elementTarget = 1 << 16

  /// Cuts tensors into pieces that cover every element once.
  ///
  /// - Throws: `ZorBAError` with code `unsupportedModel` when a tensor has more rows or columns than
  ///   the 32-bit counters of the random generator can number.
  static func covering(_ parameters: [Parameter]) throws -> [UpdatePiece] {
    var pieces: [UpdatePiece] = []
    for parameter in parameters where parameter.tensor.elementCount > 0 {
      let rowCount = parameter.tensor.rowCount
      let rowLength = parameter.tensor.rowLength
      guard rowCount <= Int(UInt32.max), rowLength <= Int(UInt32.max) else {
        throw ZorBAError(
          .unsupportedModel, "shape \(parameter.tensor.shape) has an extent of 2^32 or more",
          at: .init(field: parameter.name))
      }
      if rowLength > elementTarget {
        for row in 0..<rowCount {
          for start in stride(from: 0, to: rowLength, by: elementTarget) {
            pieces.append(
              UpdatePiece(
                parameter: parameter, rows: row..<row + 1,
                columns: start..<min(start + elementTarget, rowLength)))
          }
        }
      } else {
        let step = elementTarget / rowLength
        for row in stride(from: 0, to: rowCount, by: step) {
          pieces.append(
            UpdatePiece(
              parameter: parameter, rows: row..<min(row + step, rowCount),
              columns: 0..<rowLength))
        }
      }
    }
    return pieces
  }
}

extension UpdatePiece {
  /// The stored elements: contiguous, since a piece is whole rows or lies in one row.
  var bytes: UnsafeRawBufferPointer {
    let tensor = parameter.tensor
    let width = tensor.dtype.byteCount
    let start = tensor.row(rows.lowerBound) + columns.lowerBound * width
    return UnsafeRawBufferPointer(start: start, count: rows.count * columns.count * width)
  }
}

extension WeightResidency {
  func prefetch(_ piece: UpdatePiece) { prefetch(piece.bytes, block: piece.parameter.id.block) }
  func release(_ piece: UpdatePiece) { release(piece.bytes, block: piece.parameter.id.block) }
}
