import CZorBAKernels
import Testing
import ZorBABench
import ZorBADiagnostics
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

@Suite struct IsolatedLinearTests {
  private func matrix(_ rows: Int, _ columns: Int, seed: UInt64) throws -> Tensor {
    let buffer = try AlignedBuffer(byteCount: rows * columns * 4)
    var random = SeededGenerator(seed: seed)
    for index in 0..<rows * columns {
      buffer.bytes.storeBytes(
        of: Float.random(in: -1...1, using: &random), toByteOffset: 4 * index, as: Float.self)
    }
    return Tensor(dtype: .float32, shape: [rows, columns], bytes: buffer.bytes, owner: buffer)
  }

  private func values(_ tensor: Tensor) -> [Float] {
    Array(tensor.rawBytes.bindMemory(to: Float.self))
  }

  /// y = x Wᵀ in binary64: [rows, outputs].
  private func product(_ x: [Float], _ w: [Float], rows: Int, inputs: Int) -> [Double] {
    let outputs = w.count / inputs
    return (0..<rows * outputs).map { place in
      (0..<inputs).reduce(0.0) { sum, k in
        sum + Double(x[place / outputs * inputs + k]) * Double(w[place % outputs * inputs + k])
      }
    }
  }

  private func distance(_ a: [Float], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
  }

  @Test(arguments: [(1, 7, 5), (9, 70, 131), (33, 300, 64)])
  func itIsTheMatrixProduct(rows: Int, inputs: Int, outputs: Int) throws {
    let x = try matrix(rows, inputs, seed: 1)
    let w = try matrix(outputs, inputs, seed: 2)
    let layer = try IsolatedLinear(weight: w, compute: ComputeContext(threads: 2))
    let result = try layer.evaluate(x.bytes.assumingMemoryBound(to: Float.self), rows: rows) {
      _ = $0()
      return Array($0())
    }
    let expected = product(values(x), values(w), rows: rows, inputs: inputs)
    #expect(result.count == expected.count)
    #expect(distance(result, expected) < 1e-4)
  }

  @Test func bothSidesOfADirectionMoveTheWeights() throws {
    let (rows, inputs, outputs) = (6, 40, 37)
    let x = try matrix(rows, inputs, seed: 3)
    let w = try matrix(outputs, inputs, seed: 4)
    let compute = try ComputeContext(threads: 2)
    let direction = Direction(seed: 5, distribution: .popcount)
    let result = try IsolatedLinear(weight: w, compute: compute).evaluate(
      x.bytes.assumingMemoryBound(to: Float.self), rows: rows, directions: [direction], scale: 0.5
    ) { Array($0()) }

    var z = [Float](repeating: 0, count: outputs * inputs)
    var restricted = direction.restricted(to: TensorID(block: 0, role: 0))
    for row in 0..<outputs {
      z.withUnsafeMutableBufferPointer { z in
        compute.kernels.perturbation(
          &restricted, UInt32(row), 0, inputs, z.baseAddress.map { $0 + row * inputs })
      }
    }
    let half = rows * outputs
    #expect(result.count == 2 * half)
    for (side, scale) in [Float(0.5), -0.5].enumerated() {
      let moved = zip(values(w), z).map { $0 + scale * $1 }
      let expected = product(values(x), moved, rows: rows, inputs: inputs)
      #expect(distance(Array(result[side * half..<(side + 1) * half]), expected) < 1e-4)
    }
  }
}
