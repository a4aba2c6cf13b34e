import ZorBADiagnostics
package import ZorBATensor

/// One binary32 buffer for each of a list of tensors, zero at first: gradients, moments, copies.
///
/// `@unchecked Sendable`: the pointers never change; who may write when is the owner's affair.
package final class DenseBuffers: @unchecked Sendable {
  /// In the order of the tensors. They are gone with the object, which their user must keep.
  package let tensors: [UnsafeMutableBufferPointer<Float>]
  private let memory: AlignedBuffer

  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted.
  package init(elementCounts: [Int]) throws {
    memory = try AlignedBuffer(
      byteCount: elementCounts.reduce(0, +) * MemoryLayout<Float>.stride)
    var start = memory.bytes.bindMemory(
      to: Float.self, capacity: max(1, elementCounts.reduce(0, +)))
    var tensors: [UnsafeMutableBufferPointer<Float>] = []
    for count in elementCounts {
      tensors.append(UnsafeMutableBufferPointer(start: start, count: count))
      start += count
    }
    self.tensors = tensors
  }

  /// Bytes of all buffers.
  package var byteCount: Int { memory.byteCount }

  /// Sets every element to 0.
  package func zero() {
    for tensor in tensors { tensor.update(repeating: 0) }
    withExtendedLifetime(memory) {}
  }
}

extension Parameter {
  /// The elements of a float32 tensor, in place.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` for a tensor of another type: a gradient
  ///   step is far below what 16 bits can hold of a weight.
  package func floats() throws -> UnsafeMutableBufferPointer<Float> {
    guard tensor.dtype == .float32 else {
      throw ZorBAError(
        .invalidConfiguration,
        "first-order training changes float32 weights; \(name) is stored \(tensor.dtype.rawValue)",
        at: .init(field: "precision.weights"),
        advice: "Set precision.weights to float32, or train an adapter, which always is.")
    }
    let count = tensor.elementCount
    return UnsafeMutableBufferPointer(
      start: tensor.bytes.bindMemory(to: Float.self, capacity: max(1, count)), count: count)
  }
}
