import ZorBATensor

/// The keys and values of one growing sequence, so that a new token costs one row of work.
///
/// Memory grows with the sequence, by doubling, up to the capacity.
final class KeyValueCache {
  /// Floats per row: key-value heads times head size.
  let width: Int
  let capacity: Int
  /// Tokens held by every layer.
  private(set) var count = 0
  private let matrices: Int
  private var rows = 0
  private var buffer: AlignedBuffer  // [layers, 2, rows, width]

  init(_ model: ModelConfiguration, capacity: Int) throws {
    width = model.keyValueHeadCount * model.headSize
    matrices = 2 * model.layerCount
    self.capacity = capacity
    buffer = try AlignedBuffer(byteCount: 0)
  }

  /// Makes room for `additional` more rows.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted.
  func reserve(_ additional: Int) throws {
    precondition(count + additional <= capacity)
    guard count + additional > rows else { return }
    let grown = min(capacity, max(count + additional, 2 * rows))
    let stride = grown * width * 4
    let larger = try AlignedBuffer(byteCount: matrices * stride)
    for index in 0..<matrices {
      (larger.bytes + index * stride).copyMemory(from: matrix(index), byteCount: count * width * 4)
    }
    (buffer, rows) = (larger, grown)
  }

  func keys(layer: Int) -> UnsafeMutablePointer<Float> { matrix(2 * layer) }
  func values(layer: Int) -> UnsafeMutablePointer<Float> { matrix(2 * layer + 1) }

  private func matrix(_ index: Int) -> UnsafeMutablePointer<Float> {
    (buffer.bytes + index * rows * width * 4).assumingMemoryBound(to: Float.self)
  }

  /// Stores the rows that follow the `count` present ones in one layer; room was reserved.
  func append(keys: Activation, values: Activation, layer: Int) {
    precondition(count + keys.rows <= rows)
    for row in 0..<keys.rows {
      let place = (count + row) * width
      (self.keys(layer: layer) + place).update(from: keys.row(row), count: width)
      (self.values(layer: layer) + place).update(from: values.row(row), count: width)
    }
  }

  /// Declares `rows` more rows present in all layers.
  func advance(_ rows: Int) { count += rows }
}
