import ZorBATensor
import ZorBATestSupport

/// Tensors in memory, made for one test.
enum TestModel {
  typealias TensorShape = (dtype: DType, shape: [Int])

  /// A parameter set with zero weights. [blocks][roles]
  static func parameters(_ blocks: [[TensorShape]]) throws -> ParameterSet {
    ParameterSet(
      blocks: try blocks.enumerated().map { block, tensors in
        try tensors.enumerated().map { role, entry in
          let count = entry.shape.reduce(1, *) * entry.dtype.byteCount
          let buffer = try AlignedBuffer(byteCount: count)
          let padded = String(repeating: "0", count: 3 - String(role).count) + "\(role)"
          return (
            "block\(block).\(padded)",
            Tensor(
              dtype: entry.dtype, shape: entry.shape, bytes: buffer.bytes, owner: buffer)
          )
        }
      })
  }

  /// Random shapes: rows of awkward lengths, vectors, scalars and empty tensors.
  static func random(using generator: inout SeededGenerator) throws -> ParameterSet {
    try parameters(
      (0..<Int.random(in: 1...4, using: &generator)).map { _ in
        (0..<Int.random(in: 1...4, using: &generator)).map { _ in
          let rank = Int.random(in: 0...3, using: &generator)
          let shape = (0..<rank).map { axis in
            axis == rank - 1
              ? Int.random(in: 0...140, using: &generator)
              : Int.random(in: 1...5, using: &generator)
          }
          return (DType.allCases.randomElement(using: &generator) ?? .float32, shape)
        }
      })
  }

  /// Fills every tensor with normal values of about `scale`, rounded to its type.
  static func fill(
    _ parameters: ParameterSet, scale: Double = 1, using generator: inout SeededGenerator
  ) {
    for parameter in parameters.all {
      let tensor = parameter.tensor
      for index in 0..<tensor.elementCount {
        let value = Float(generator.normal() * scale)
        switch tensor.dtype {
        case .float32: tensor.bytes.storeBytes(of: value, toByteOffset: 4 * index, as: Float.self)
        case .bfloat16:
          let bits = UInt16(value.bitPattern >> 16)
          tensor.bytes.storeBytes(of: bits, toByteOffset: 2 * index, as: UInt16.self)
        case .float16:
          let bits = halfBits(of: value)
          tensor.bytes.storeBytes(of: bits, toByteOffset: 2 * index, as: UInt16.self)
        }
      }
    }
  }

  /// binary16 bits of a value, cut towards zero; tiny values become zero.
  private static func halfBits(of value: Float) -> UInt16 {
    let sign = UInt16(value.sign == .minus ? 0x8000 : 0)
    let exponent = value == 0 ? -127 : Int(value.exponent)
    guard exponent >= -14 else { return sign }
    let fraction = UInt16(value.significandBitPattern >> 13)
    return sign | UInt16(min(exponent, 15) + 15) << 10 | fraction
  }

  /// The stored bytes, tensor after tensor.
  static func bytes(_ parameters: ParameterSet) -> [[UInt8]] {
    parameters.all.map { Array($0.tensor.rawBytes) }
  }

  /// Stores bytes taken by `bytes(_:)`.
  static func restore(_ bytes: [[UInt8]], to parameters: ParameterSet) {
    for (parameter, saved) in zip(parameters.all, bytes) {
      saved.withUnsafeBytes { source in
        guard let start = source.baseAddress else { return }
        parameter.tensor.bytes.copyMemory(from: start, byteCount: saved.count)
      }
    }
  }

  /// The values of a float32 tensor.
  static func floats(_ tensor: Tensor) -> [Float] {
    Array(tensor.rawBytes.bindMemory(to: Float.self))
  }

  /// Stores the values of a float32 tensor.
  static func store(_ values: [Float], in tensor: Tensor) {
    for (index, value) in values.enumerated() {
      tensor.bytes.storeBytes(of: value, toByteOffset: 4 * index, as: Float.self)
    }
  }
}
