/// A typed, shaped, row-major region of memory that keeps its owner alive.
///
/// A tensor is a view: copying it copies no elements. Rank 0 and extents of 0 are allowed.
///
/// `@unchecked Sendable`: the pointer is written only by the committed update and by H > 1 local
/// steps, which hold the store exclusively between evaluations (`ParameterStore`); every other use
/// reads. The owner is immutable once created.
package struct Tensor: @unchecked Sendable {
  package let dtype: DType
  package let shape: [Int]
  /// The first element. Not necessarily aligned: checkpoints place tensors at any byte.
  package let bytes: UnsafeMutableRawPointer
  private let owner: AnyObject

  package init(dtype: DType, shape: [Int], bytes: UnsafeMutableRawPointer, owner: AnyObject) {
    self.dtype = dtype
    self.shape = shape
    self.bytes = bytes
    self.owner = owner
  }

  package var elementCount: Int { shape.reduce(1, *) }
  package var byteCount: Int { elementCount * dtype.byteCount }

  /// Rows as numerics.md counts them: a vector or scalar is one row.
  package var rowCount: Int { shape.count < 2 ? 1 : shape.dropLast().reduce(1, *) }
  package var rowLength: Int { shape.count < 2 ? elementCount : shape[shape.count - 1] }

  package var rawBytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: bytes, count: byteCount)
  }

  /// The first byte of a row.
  package func row(_ index: Int) -> UnsafeMutableRawPointer {
    bytes + index * rowLength * dtype.byteCount
  }
}
