import ZorBATensor

/// One frozen vector of length 1 a label, with which a text's embedding is compared.
package struct Prototypes: Sendable {
  /// [labels, hiddenSize], binary32.
  let vectors: Tensor

  /// Factor on cosines, the inverse temperature of the softmax over labels: the one that sentence
  /// encoders were trained with.
  package static let scale: Float = 20

  package var count: Int { vectors.shape[0] }
  package var width: Int { vectors.shape[1] }

  /// - Parameter rows: Vectors of one width, at least one; they are brought to length 1.
  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted.
  package init(_ rows: [[Float]]) throws {
    precondition(!rows.isEmpty && rows.allSatisfy { $0.count == rows[0].count && !$0.isEmpty })
    let width = rows[0].count
    let buffer = try AlignedBuffer(byteCount: rows.count * width * 4)
    let floats = buffer.bytes.bindMemory(to: Float.self, capacity: rows.count * width)
    for (index, row) in rows.enumerated() {
      let squares = row.reduce(0.0) { $0 + Double($1) * Double($1) }
      let factor = Float(1 / max(squares.squareRoot(), 1e-12))
      for column in 0..<width { floats[index * width + column] = row[column] * factor }
    }
    vectors = Tensor(
      dtype: .float32, shape: [rows.count, width], bytes: buffer.bytes, owner: buffer)
  }
}
