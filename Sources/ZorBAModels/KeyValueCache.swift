import ZorBATensor

/// The keys and values of one growing sequence, so that a new token costs one row of work.
///
/// Memory is reserved for the whole capacity and committed as the sequence grows.
final class KeyValueCache {
  /// Floats per row: key-value heads times head size.
  let width: Int
  let capacity: Int
  /// Tokens held by every layer.
  private(set) var count = 0
  private let buffer: AlignedBuffer  // [layers, 2, capacity, width]

  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted.
  init(_ model: ModelConfiguration, capacity: Int) throws {
    width = model.keyValueHeadCount * model.headSize
    self.capacity = capacity
    buffer = try AlignedBuffer(byteCount: model.layerCount * 2 * capacity * width * 4)
  }

  func keys(layer: Int) -> UnsafeMutablePointer<Float> { matrix(2 * layer) }
  func values(layer: Int) -> UnsafeMutablePointer<Float> { matrix(2 * layer + 1) }

  private func matrix(_ index: Int) -> UnsafeMutablePointer<Float> {
    (buffer.bytes + index * capacity * width * 4).assumingMemoryBound(to: Float.self)
  }

  /// Stores the rows that follow the `count` present ones in one layer.
  func append(keys: Activation, values: Activation, layer: Int) {
    precondition(count + keys.rows <= capacity)
    for row in 0..<keys.rows {
      let place = (count + row) * width
      (self.keys(layer: layer) + place).update(from: keys.row(row), count: width)
      (self.values(layer: layer) + place).update(from: values.row(row), count: width)
    }
  }

  /// Declares `rows` more rows present in all layers.
  func advance(_ rows: Int) { count += rows }
}
