import CZorBAKernels
package import ZorBATensor

/// A matrix as 4-bit NormalFloat with double quantisation: 4.127 bits a weight (QLoRA, section 3).
///
/// The elements, row after row, are cut into blocks of 64. A block is its largest magnitude and for every
/// element the nearest of 16 levels times that. The magnitudes, less their mean, are themselves stored as 8
/// bits, nearest of the dynamic map, in groups of 256 with a binary32 scale each.
///
/// `@unchecked Sendable`: the memory is written by the initialiser alone.
package final class NF4Matrix: @unchecked Sendable {
  package let rows: Int
  package let columns: Int
  /// Bytes that the matrix takes.
  package let byteCount: Int

  private let codes: AlignedBuffer  // two a byte, the first in the upper half
  private let magnitudes: [UInt8]  // [blocks]
  private let groupScales: [Float]  // [groups]
  private let offset: Float

  static let blockSize = 64
  static let groupSize = 256

  /// Quantises a matrix.
  ///
  /// - Parameters:
  ///   - tensor: [rows, columns], of any type.
  ///   - done: Told which bytes of the tensor have been read.
  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted.
  package init(
    quantising tensor: Tensor, context: ComputeContext, done: (Range<Int>) -> Void = { _ in }
  ) throws {
    let kernels = context.kernels
    rows = tensor.rowCount
    columns = tensor.rowLength
    let count = tensor.elementCount
    let blocks = (count + Self.blockSize - 1) / Self.blockSize
    codes = try AlignedBuffer(byteCount: (count + 1) / 2)
    let packed = codes.bytes.assumingMemoryBound(to: UInt8.self)
    var largest = [Float](repeating: 0, count: blocks)
    var values = [Float](repeating: 0, count: Self.piece)
    let width = tensor.dtype.byteCount
    for start in stride(from: 0, to: count, by: Self.piece) {
      let end = min(start + Self.piece, count)
      kernels.expand(
        tensor.bytes + start * width, tensor.dtype.kernelCode, end - start, &values)
      for first in stride(from: start, to: end, by: Self.blockSize) {
        let last = min(first + Self.blockSize, end)
        var magnitude: Float = 0
        for index in first..<last { magnitude = max(magnitude, abs(values[index - start])) }
        largest[first / Self.blockSize] = magnitude
        for index in first..<last {
          let code = NF4Levels.code(magnitude > 0 ? values[index - start] / magnitude : 0)
          packed[index / 2] |= index % 2 == 0 ? code << 4 : code
        }
      }
      done(start * width..<end * width)
    }
    let mean = Float(largest.reduce(0.0) { $0 + Double($1) } / Double(max(blocks, 1)))
    var magnitudes = [UInt8](repeating: 0, count: blocks)
    var groupScales: [Float] = []
    for first in stride(from: 0, to: blocks, by: Self.groupSize) {
      let group = first..<min(first + Self.groupSize, blocks)
      let scale = group.reduce(Float(0)) { max($0, abs(largest[$1] - mean)) }
      for index in group {
        magnitudes[index] = NF4Levels.dynamicCode(
          scale > 0 ? (largest[index] - mean) / scale : 0)
      }
      groupScales.append(scale)
    }
    offset = mean
    self.magnitudes = magnitudes
    self.groupScales = groupScales
    byteCount = codes.byteCount + magnitudes.count + 4 * groupScales.count + 4
  }

  /// Elements converted at a time: whole blocks.
  private static let piece = 1 << 16

  /// Writes elements [start, start + count), counted row after row, as binary32.
  package func dequantise(
    from start: Int, count: Int, into out: UnsafeMutablePointer<Float>
  ) {
    precondition(start >= 0 && count >= 0 && start + count <= rows * columns)
    let packed = codes.bytes.assumingMemoryBound(to: UInt8.self)
    NF4Levels.values.withUnsafeBufferPointer { levels in
      NF4Levels.dynamicMap.withUnsafeBufferPointer { map in
        magnitudes.withUnsafeBufferPointer { magnitudes in
          var index = start
          while index < start + count {
            let block = index / Self.blockSize
            let end = min((block + 1) * Self.blockSize, start + count)
            let magnitude =
              map[Int(magnitudes[block])] * groupScales[block / Self.groupSize] + offset
            if index % 2 != 0 {
              out[index - start] = levels[Int(packed[index / 2] & 15)] * magnitude
              index += 1
            }
            while index + 1 < end {
              let pair = packed[index / 2]
              out[index - start] = levels[Int(pair >> 4)] * magnitude
              out[index - start + 1] = levels[Int(pair & 15)] * magnitude
              index += 2
            }
            if index < end {
              out[index - start] = levels[Int(packed[index / 2] >> 4)] * magnitude
              index += 1
            }
          }
        }
      }
    }
  }
}

/// The matrices of a model's linear layers as NF4, by their canonical names; tables, norms, biases and the
/// head stay as they are.
package struct NF4Base: Sendable {
  let matrices: [String: NF4Matrix]

  /// Quantises the matrices of a model.
  ///
  /// - Parameter done: Told, by name, which bytes of a tensor have been read and are not needed again.
  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted.
  package init(
    of model: Model, done: @escaping @Sendable (_ name: String, _ bytes: Range<Int>) -> Void
  ) throws {
    var declarations = ParameterDeclarations()
    _ = model.configuration.decoderType.init(model.configuration, declaring: &declarations)
    let names = Set(declarations.entries.filter(\.isMatrix).map(\.name))
    var matrices: [String: NF4Matrix] = [:]
    for parameter in model.parameters.all where names.contains(parameter.name) {
      matrices[parameter.name] = try NF4Matrix(
        quantising: parameter.tensor, context: model.compute
      ) { done(parameter.name, $0) }
    }
    self.matrices = matrices
  }

  /// Bytes of all matrices.
  package var byteCount: Int { matrices.values.reduce(0) { $0 + $1.byteCount } }

  /// Whether a parameter is held here.
  package func holds(_ name: String) -> Bool { matrices[name] != nil }
}
