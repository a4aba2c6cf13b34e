import ZorBADiagnostics
package import ZorBAModels
package import ZorBATensor

/// An adapter's tensors in memory of their own: binary32, writable, each on a boundary of 64 bytes.
package final class AdapterTensors: Sendable {
  /// Bytes of all tensors, boundaries included.
  package let byteCount: Int
  private let tensors: [String: Tensor]

  /// Reserves memory and lets every tensor be filled.
  ///
  /// - Parameters:
  ///   - entries: The tensors, by block in role order.
  ///   - fill: Given a tensor and its memory, filled with zeros.
  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted, and what `fill` throws.
  package init(
    _ entries: [[AdapterEntry]],
    fill: (AdapterEntry, TensorID, UnsafeMutablePointer<Float>) throws -> Void
  ) throws {
    var end = 0
    let places = entries.map { block in
      block.map { entry in
        defer { end += (entry.elementCount * 4 + 63) / 64 * 64 }
        return end
      }
    }
    let buffer = try AlignedBuffer(byteCount: end)
    var tensors: [String: Tensor] = [:]
    for (block, entries) in entries.enumerated() {
      for (role, entry) in entries.enumerated() {
        let bytes = buffer.bytes + places[block][role]
        let values = bytes.bindMemory(to: Float.self, capacity: max(1, entry.elementCount))
        try fill(entry, TensorID(block: block, role: role), values)
        tensors[entry.name] = Tensor(
          dtype: .float32, shape: entry.shape, bytes: bytes, owner: buffer)
      }
    }
    self.tensors = tensors
    byteCount = end
  }

  /// An adapter before any training, the same on every machine.
  package convenience init(_ entries: [[AdapterEntry]], seed: UInt64) throws {
    try self.init(entries) { $0.fill($2, id: $1, seed: seed) }
  }

  /// A copy of an adapter as it stands.
  package convenience init(copying other: AdapterTensors, _ entries: [[AdapterEntry]]) throws {
    try self.init(entries) { entry, _, values in
      let tensor = try other.tensor(named: entry.name)
      UnsafeMutableRawPointer(values).copyMemory(from: tensor.bytes, byteCount: tensor.byteCount)
    }
  }
}

extension AdapterTensors: TensorSource {
  package var tensorNames: [String] {
    tensors.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  package func tensor(named name: String) throws -> Tensor {
    guard let tensor = tensors[name] else {
      throw ZorBAError(.invalidModel, "the adapter has no such tensor", at: .init(field: name))
    }
    return tensor
  }
}
