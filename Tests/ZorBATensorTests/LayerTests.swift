import CZorBAKernels
import Testing
import ZorBATensor
import ZorBATestSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Norms, rotary embedding, activations and reductions, against binary64 with libm.
@Suite struct LayerTests {
  private static let widths = [1, 2, 7, 8, 9, 31, 32, 33, 64, 100, 257, 768]

  @Test(arguments: InstructionSet.available)
  func layerNormCentresAndScales(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 14)
    for width in Self.widths {
      let rows = 3, stride = width + 2
      // Values far from zero: a variance by the difference of squares would lose them.
      let x = random.signed(rows * stride).map { $0 + 20 }
      let weight = random.signed(width), bias = random.signed(width)
      for useBias in [true, false] {
        var y = x
        y.withUnsafeMutableBufferPointer { y in
          KernelTable(set).table.layer_norm(
            y.baseAddress, y.baseAddress, rows, width, stride, weight, useBias ? bias : nil, 1e-5)
        }
        for row in 0..<rows {
          let values = x[(row * stride)..<(row * stride + width)].map(Double.init)
          let mean = values.reduce(0, +) / Double(width)
          let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
          let factor = 1 / (variance + 1e-5).squareRoot()
          // The mean of numbers near 20 is off by some ulps of 20, which the factor multiplies.
          let bound = factor * 20 * 0x1p-21 + 1e-6
          for i in 0..<width {
            let exact =
              (values[i] - mean) * factor * Double(weight[i])
              + (useBias ? Double(bias[i]) : 0)
            #expect(abs(Double(y[row * stride + i]) - exact) < bound, "width \(width)")
          }
          #expect(y[row * stride + width] == x[row * stride + width])
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func rmsNormScales(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 15)
    for width in Self.widths {
      let rows = 3, stride = width + 1
      let x = random.signed(rows * stride), weight = random.signed(width)
      var y = [Float](repeating: 77, count: rows * stride)
      KernelTable(set).table.rms_norm(x, &y, rows, width, stride, weight, 1e-6)
      for row in 0..<rows {
        let values = x[(row * stride)..<(row * stride + width)].map(Double.init)
        let mean = values.reduce(0) { $0 + $1 * $1 } / Double(width)
        for i in 0..<width {
          let exact = values[i] / (mean + 1e-6).squareRoot() * Double(weight[i])
          // The mean is a sum of positive terms; three more roundings follow.
          #expect(abs(Double(y[row * stride + i]) - exact) <= abs(exact) * 2e-6)
        }
        #expect(y[row * stride + width] == 77)
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func rotaryTurnsPairs(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 16)
    for headDimension in [2, 6, 16, 64, 80, 128] {
      let half = headDimension / 2, rows = 5, heads = 3, stride = heads * headDimension + 7
      let angles = (0..<(40 * half)).map { _ in Double(random.signed()) * 100 }
      var table = [Float](repeating: 0, count: 40 * headDimension)
      for position in 0..<40 {
        for i in 0..<half {
          table[position * headDimension + i] = Float(cos(angles[position * half + i]))
          table[position * headDimension + half + i] = Float(sin(angles[position * half + i]))
        }
      }
      let positions = (0..<rows).map { _ in Int32(random.pick(0...39)) }
      let x = random.signed(rows * stride)
      var y = x
      KernelTable(set).table.rotary(&y, rows, stride, heads, headDimension, positions, table)
      for row in 0..<rows {
        for column in 0..<stride {
          let place = row * stride + column
          guard column < heads * headDimension else {
            #expect(y[place] == x[place])
            continue
          }
          let i = column % headDimension % half
          let angle = angles[Int(positions[row]) * half + i]
          let low = column % headDimension < half
          let a = Double(x[low ? place : place - half]), b = Double(x[low ? place + half : place])
          let exact = low ? a * cos(angle) - b * sin(angle) : b * cos(angle) + a * sin(angle)
          // Two products and a sum of numbers below 1, by rounded cosines.
          #expect(abs(Double(y[place]) - exact) < 4e-7)
        }
      }
    }
  }

  /// Inputs over the whole range in which a result is not 0 or x, densest near 0.
  private var inputs: [Float] {
    var random = SeededGenerator(seed: 17)
    return [0, -0.0, 1, -1, 100, -100, 1e30, -1e30]
      + (0..<20_001).map { _ in random.signed() * 12 * abs(random.signed()) }
  }

  @Test(arguments: InstructionSet.available)
  func activationsAreAccurate(_ set: InstructionSet) {
    let kernels = KernelTable(set), x = inputs
    compare(kernels.apply(\.relu, x), x, relative: 0) { max($0, 0) }
    compare(kernels.apply(\.silu, x), x, relative: 5e-7) { $0 / (1 + exp(-$0)) }
    compare(kernels.apply(\.gelu, x), x, relative: 6e-7) { 0.5 * $0 * erfc(-$0 / 2.0.squareRoot()) }
    compare(kernels.apply(\.gelu_tanh, x), x, relative: 1e-6) {
      $0 / (1 + exp(-2 * (2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
    }
    let up = x.reversed().map { $0 }
    var gate = x
    kernels.table.silu_multiply(&gate, up, gate.count)
    for i in x.indices {
      let exact = Double(x[i]) / (1 + exp(-Double(x[i]))) * Double(up[i])
      #expect(abs(Double(gate[i]) - exact) <= 6e-7 * abs(exact) + 1e-36)
    }
    var sum = x
    kernels.table.add(&sum, up, sum.count)
    #expect(sum == zip(x, up).map { $0 + $1 })
  }

  /// Relative where the exponential's argument is of order 1; its rounding error in the tails, where
  /// the result is tiny, is the argument's ulp, so a small absolute error is allowed as well.
  private func compare(
    _ y: [Float], _ x: [Float], relative: Double, _ exact: (Double) -> Double
  ) {
    for (y, x) in zip(y, x) {
      let expected = exact(Double(x))
      #expect(abs(Double(y) - expected) <= relative * abs(expected) + relative * 1e-2, "\(x)")
    }
  }

  /// No element is skipped or written twice, whatever the length.
  @Test(arguments: InstructionSet.available)
  func everyLengthIsCovered(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 18)
    let kernels = KernelTable(set)
    for count in 0...70 {
      let x = random.signed(count)
      for kernel in [\zk_kernels.gelu, \.gelu_tanh, \.silu, \.relu] {
        let whole = kernels.apply(kernel, x + [0.5])
        let singly = x.flatMap { kernels.apply(kernel, [$0]) }
        #expect(Array(whole.dropLast()) == singly)
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func logSumExpFoldsRowsOfAnyLength(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 19)
    for count in [1, 2, 7, 8, 9, 100, 4096, 4097, 50_257] {
      for offset in [0, 500, -500] as [Float] {
        let x = random.signed(count).map { $0 * 20 + offset }
        var maximum = -Float.infinity, sum: Float = 0
        // In pieces, as a tiled vocabulary gives them.
        var first = 0
        while first < count {
          let end = min(count, first + random.pick(1...20_000))
          let piece = Array(x[first..<end])
          KernelTable(set).table.log_sum_exp(piece, piece.count, &maximum, &sum)
          first = end
        }
        let top = x.max() ?? 0
        let exact = x.reduce(0.0) { $0 + exp(Double($1) - Double(top)) }
        #expect(maximum == top)
        // Sums of 4096 at most in binary32, spread over vector lanes.
        #expect(abs(Double(sum) - exact) < 2e-6 * exact, "count \(count)")
      }
    }
  }

  /// The whole range of the exponential: a logit far below the maximum adds its share or nothing.
  @Test(arguments: InstructionSet.available)
  func exponentialsAreAccurateOverTheirRange(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 20)
    for _ in 0..<20_000 {
      let x = Float.random(in: -100...0, using: &random)
      // Relative to a maximum of 0 already there, whose own share is 0.
      var maximum: Float = 0, sum: Float = 0
      KernelTable(set).table.log_sum_exp([x], 1, &maximum, &sum)
      let exact = exp(Double(x))
      #expect(abs(Double(sum) - exact) <= 1.5 * 0x1p-23 * exact + (x < -86.6 ? exact : 0))
    }
  }

  @Test(arguments: InstructionSet.available)
  func logSumExpIgnoresImpossibleLogits(_ set: InstructionSet) {
    var maximum = -Float.infinity, sum: Float = 0
    let kernels = KernelTable(set)
    kernels.table.log_sum_exp([Float](repeating: -.infinity, count: 11), 11, &maximum, &sum)
    #expect(maximum == -.infinity && sum == 0)
    var x = [Float](repeating: -.infinity, count: 20)
    x[13] = 3
    kernels.table.log_sum_exp(x, 20, &maximum, &sum)
    #expect(maximum == 3 && sum == 1)
  }
}
