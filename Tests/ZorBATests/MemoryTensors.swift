import ZorBADiagnostics
import ZorBATensor

/// Named binary32 tensors in memory, for checkpoints made by tests.
struct MemoryTensors: TensorSource {
  private var tensors: [String: Tensor] = [:]

  var tensorNames: [String] {
    tensors.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  func tensor(named name: String) throws -> Tensor {
    guard let tensor = tensors[name] else { throw ZorBAError(.invalidModel, "no tensor \(name)") }
    return tensor
  }

  mutating func add(_ name: String, shape: [Int], _ values: [Float]) throws {
    let buffer = try AlignedBuffer(byteCount: values.count * 4)
    values.withUnsafeBytes { bytes in
      UnsafeMutableRawBufferPointer(start: buffer.bytes, count: bytes.count).copyMemory(from: bytes)
    }
    tensors[name] = Tensor(dtype: .float32, shape: shape, bytes: buffer.bytes, owner: buffer)
  }
}
