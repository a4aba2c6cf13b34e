import CZorBAKernels
import Testing
import ZorBATensor
import ZorBATestSupport

/// Kernels of gradients: every instruction set against the scalar one, and that against differences.
@Suite struct BackwardTests {
  private typealias Slope =
    KeyPath<
      zk_kernels,
      (
        @convention(c) (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, Int) -> Void
      )?
    >
  private typealias Function =
    KeyPath<zk_kernels, (@convention(c) (UnsafeMutablePointer<Float>?, Int) -> Void)?>

  @Test(arguments: InstructionSet.available)
  func attentionAgreesWithTheScalarKernel(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 21)
    for round in 0..<60 {
      let queries = round < 20 ? random.pick(1...4) : random.pick(1...130)
      let job = AttentionProblem(
        queries: queries, keys: queries + random.pick(0...90), depth: random.pick(1...70),
        window: round % 3 == 0 ? random.pick(1...60) : 0, causal: round % 4 != 1, &random)
      let wanted = (Bool.random(using: &random), Bool.random(using: &random), round % 5 != 0)
      let found = job.gradients(KernelTable(set), wanted: wanted)
      for (a, b) in zip(found, job.gradients(.scalar, wanted: wanted)) {
        #expect(relativeDistance(a, b) <= 1e-5)
      }
    }
  }

  /// Differences of Σ d_out · attention(q, k, v), which the forward kernel computes.
  @Test func attentionIsTheSlopeOfTheForwardKernel() {
    var random = SeededGenerator(seed: 22)
    for window in [0, 3] {
      let job = AttentionProblem(
        queries: 7, keys: 11, depth: 5, window: window, causal: true, &random)
      let gradients = job.gradients(.scalar, wanted: (true, true, true))
      for part in 0..<3 {
        for place in stride(from: 0, to: gradients[part].count, by: 3) {
          let slope = (job.value(part, place, 1e-2) - job.value(part, place, -1e-2)) / 2e-2
          #expect(abs(slope - Double(gradients[part][place] - 1)) <= 2e-3)
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func normsAgreeWithTheScalarKernel(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 23)
    for width in [1, 2, 7, 8, 9, 31, 64, 100, 257] {
      for centred in [0, 1] as [Int32] {
        for options in 0..<16 {
          let seed = random.next()
          let found = norm(KernelTable(set), width, centred, options, seed: seed)
          let expected = norm(.scalar, width, centred, options, seed: seed)
          for (a, b) in zip(found, expected) { #expect(relativeDistance(a, b) <= 1e-4) }
        }
      }
    }
  }

  private func norm(
    _ kernels: KernelTable, _ width: Int, _ centred: Int32, _ options: Int, seed: UInt64
  ) -> [[Float]] {
    var random = SeededGenerator(seed: seed)
    let rows = 4
    let x = random.signed(rows * (width + 1))
    var dy = random.signed(rows * (width + 2))
    let weight = random.signed(width)
    var dx = random.signed(rows * (width + 3))
    var dWeight = random.signed(width)
    var dBias = random.signed(width)
    var job = zk_norm_backward()
    x.withUnsafeBufferPointer { x in
      weight.withUnsafeBufferPointer { weight in
        dy.withUnsafeMutableBufferPointer { dy in
          dx.withUnsafeMutableBufferPointer { dx in
            dWeight.withUnsafeMutableBufferPointer { dWeight in
              dBias.withUnsafeMutableBufferPointer { dBias in
                job.x = x.baseAddress
                job.d_y = UnsafePointer(dy.baseAddress)
                job.weight = options & 1 == 0 ? weight.baseAddress : nil
                job.d_weight = options & 2 == 0 ? dWeight.baseAddress : nil
                job.d_bias = options & 2 == 0 ? dBias.baseAddress : nil
                // In place, added, or not at all.
                switch options >> 2 {
                case 0: (job.d_x, job.d_x_stride) = (dy.baseAddress, width + 2)
                case 1: (job.d_x, job.d_x_stride) = (nil, 0)
                default: (job.d_x, job.d_x_stride) = (dx.baseAddress, width + 3)
                }
                job.accumulate = options >> 2 == 2 ? 1 : 0
                job.x_stride = width + 1
                job.d_y_stride = width + 2
                job.rows = rows
                job.width = width
                job.epsilon = 1e-3
                job.centred = centred
                kernels.table.norm_backward(&job)
              }
            }
          }
        }
      }
    }
    return [dy, dx, dWeight, dBias]
  }

  /// Slopes of the pointwise functions are those of the forward kernels.
  @Test(arguments: InstructionSet.available)
  func slopesAreThoseOfTheFunctions(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 24)
    let kernels = KernelTable(set)
    let pairs: [(Function, Slope)] = [
      (\.relu, \.relu_backward), (\.gelu, \.gelu_backward),
      (\.gelu_tanh, \.gelu_tanh_backward), (\.silu, \.silu_backward),
    ]
    let x = random.signed(203).map { $0 * 4 }
    let ones = [Float](repeating: 1, count: x.count)
    for (function, slope) in pairs {
      let up = kernels.apply(function, x.map { $0 + 5e-3 })
      let down = kernels.apply(function, x.map { $0 - 5e-3 })
      var d = ones
      kernels.table[keyPath: slope]?(&d, x, x.count)
      for index in x.indices where abs(x[index]) > 6e-3 {
        #expect(abs((up[index] - down[index]) / 1e-2 - d[index]) <= 2e-3, "x = \(x[index])")
      }
      var reference = ones
      KernelTable.scalar.table[keyPath: slope]?(&reference, x, x.count)
      #expect(relativeDistance(d, reference) <= 1e-6)
    }
    let y = random.signed(37)
    var d = [Float](repeating: 2, count: 37)
    kernels.table.tanh_backward(&d, y, 37)
    for (slope, y) in zip(d, y) { #expect(abs(slope - 2 * (1 - y * y)) <= 1e-6) }
  }

  @Test(arguments: InstructionSet.available)
  func gatesAndRotationsAgreeWithTheScalarKernel(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 25)
    for count in [1, 7, 8, 33, 130] {
      let start = (0..<4).map { _ in random.signed(count).map { $0 * 3 } }
      func gate(_ kernels: KernelTable) -> [Float] {
        var d = start[0]
        var dUp = start[1]
        kernels.table.silu_multiply_backward(&d, &dUp, start[2], start[3], count)
        return d + dUp
      }
      #expect(relativeDistance(gate(KernelTable(set)), gate(.scalar)) <= 1e-6)
      var sum = start[0]
      KernelTable(set).table.add_multiple(&sum, 0.5, start[1], count)
      #expect(relativeDistance(sum, zip(start[0], start[1]).map { $0 + 0.5 * $1 }) <= 1e-6)
      var powers = start[0]
      var expected = start[0]
      KernelTable(set).table.exponentials(&powers, count, 1.5, -2)
      KernelTable.scalar.table.exponentials(&expected, count, 1.5, -2)
      #expect(relativeDistance(powers, expected) <= 1e-6)
    }
    // The rotation there and back.
    let x = random.signed(3 * 2 * 6)
    let angles = random.signed(4 * 3)
    let table = (0..<4).flatMap { position in
      let part = angles[position * 3..<position * 3 + 3]
      return part.map { (1 - $0 * $0).squareRoot() } + part
    }
    var y = x
    KernelTable(set).table.rotary(&y, 3, 12, 2, 6, [0, 2, 3], table)
    #expect(relativeDistance(y, x) > 1e-2)
    KernelTable(set).table.rotary_backward(&y, 3, 12, 2, 6, [0, 2, 3], table)
    #expect(relativeDistance(y, x) <= 1e-6)
  }

  @Test(arguments: InstructionSet.available)
  func sumsAndTurningAreExact(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 26)
    let kernels = KernelTable(set)
    for _ in 0..<40 {
      let rows = random.pick(1...40)
      let width = random.pick(1...40)
      let stride = width + random.pick(0...3)
      let x = (0..<rows * stride).map { _ in Float(Int.random(in: -99...99, using: &random)) }
      var turned = [Float](repeating: 77, count: width * (rows + 1))
      kernels.table.transpose(x, rows, width, stride, &turned, rows + 1)
      var sums = [Float](repeating: 1, count: width)
      kernels.table.add_columns(&sums, x, rows, width, stride)
      for column in 0..<width {
        let values = (0..<rows).map { x[$0 * stride + column] }
        #expect(Array(turned[column * (rows + 1)..<column * (rows + 1) + rows]) == values)
        #expect(turned[column * (rows + 1) + rows] == 77)
        #expect(sums[column] == 1 + values.reduce(0, +))
      }
    }
  }
}

private func relativeDistance(_ a: [Float], _ b: [Float]) -> Double {
  var distance = 0.0
  var norm = 1e-12
  for (a, b) in zip(a, b) {
    distance += Double((a - b) * (a - b))
    norm += Double(b * b)
  }
  return (distance / norm).squareRoot()
}

/// One head: random queries, keys, values and gradient of the output.
private struct AttentionProblem {
  let queries: Int
  let keys: Int
  let depth: Int
  let window: Int
  let causal: Bool
  /// q, k, v: rows of `depth` floats with one to spare.
  private let inputs: [[Float]]
  private let dOut: [Float]

  init(
    queries: Int, keys: Int, depth: Int, window: Int, causal: Bool,
    _ random: inout SeededGenerator
  ) {
    (self.queries, self.keys, self.depth) = (queries, keys, depth)
    (self.window, self.causal) = (window, causal)
    inputs = [queries, keys, keys].map { random.signed($0 * (depth + 1)) }
    dOut = random.signed(queries * (depth + 1))
  }

  /// Gradients of q, k and v, added to ones; untouched where they are not wanted.
  func gradients(_ kernels: KernelTable, wanted: (Bool, Bool, Bool)) -> [[Float]] {
    var dq = [Float](repeating: 1, count: inputs[0].count)
    var dk = [Float](repeating: 1, count: inputs[1].count)
    var dv = [Float](repeating: 1, count: inputs[2].count)
    inputs[0].withUnsafeBufferPointer { q in
      inputs[1].withUnsafeBufferPointer { k in
        inputs[2].withUnsafeBufferPointer { v in
          dOut.withUnsafeBufferPointer { dOut in
            dq.withUnsafeMutableBufferPointer { dq in
              dk.withUnsafeMutableBufferPointer { dk in
                dv.withUnsafeMutableBufferPointer { dv in
                  let stride = depth + 1
                  var job = zk_attention_backward(
                    q: q.baseAddress, k: k.baseAddress, v: v.baseAddress,
                    d_out: dOut.baseAddress, d_q: wanted.0 ? dq.baseAddress : nil,
                    d_k: wanted.1 ? dk.baseAddress : nil, d_v: wanted.2 ? dv.baseAddress : nil,
                    q_stride: stride, k_stride: stride, v_stride: stride, d_out_stride: stride,
                    d_q_stride: stride, d_k_stride: stride, d_v_stride: stride,
                    queries: queries, keys: keys, head_dim: depth, window: window, scale: 0.7,
                    causal: causal ? 1 : 0)
                  let scratch = UnsafeMutableRawPointer.allocate(
                    byteCount: kernels.table.attention_backward_scratch(&job), alignment: 64)
                  defer { scratch.deallocate() }
                  kernels.table.attention_backward(&job, scratch)
                }
              }
            }
          }
        }
      }
    }
    return [dq, dk, dv]
  }

  /// Σ d_out · attention with one input moved, by the forward kernel.
  func value(_ part: Int, _ place: Int, _ step: Float) -> Double {
    var moved = inputs
    // The spare element of a row belongs to nothing.
    moved[part][place] += step
    var out = [Float](repeating: 0, count: dOut.count)
    moved[0].withUnsafeBufferPointer { q in
      moved[1].withUnsafeBufferPointer { k in
        moved[2].withUnsafeBufferPointer { v in
          out.withUnsafeMutableBufferPointer { out in
            var job = zk_attention()
            (job.q, job.k, job.v) = (q.baseAddress, k.baseAddress, v.baseAddress)
            job.out = out.baseAddress
            (job.q_stride, job.kv_stride, job.out_stride) = (depth + 1, depth + 1, depth + 1)
            (job.queries, job.keys, job.head_dim) = (queries, keys, depth)
            (job.window, job.scale) = (window, 0.7)
            let kernels = KernelTable.scalar.table
            let scratch = UnsafeMutableRawPointer.allocate(
              byteCount: kernels.attention_scratch(&job), alignment: 64)
            defer { scratch.deallocate() }
            kernels.attention(&job, scratch)
          }
        }
      }
    }
    var sum = 0.0
    for (index, value) in out.enumerated() where index % (depth + 1) < depth {
      sum += Double(value) * Double(dOut[index])
    }
    return sum
  }
}
