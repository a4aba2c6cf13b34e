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

/// Attention of one head, against a binary64 softmax.
@Suite struct AttentionTests {
  @Test(arguments: InstructionSet.available)
  func outputsAreTheSoftmaxAverages(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 11)
    for round in 0..<60 {
      let queries = round % 3 == 0 ? random.pick(1...4) : random.pick(1...150)
      check(
        KernelTable(set), queries: queries, keys: queries + random.pick(0...150),
        headDimension: random.pick(1...130), window: round % 2 == 0 ? 0 : random.pick(1...100),
        spread: 1, &random)
    }
  }

  /// Lengths on both sides of a tile of keys and of queries.
  @Test(arguments: InstructionSet.available)
  func edgesOfTilesAreExact(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 12)
    for queries in [1, 2, 3, 23, 24, 25, 56, 57] {
      for more in [0, 39, 40, 41, 63, 64, 65] {
        for window in [0, 1, 64, 65] {
          check(
            KernelTable(set), queries: queries, keys: queries + more, headDimension: 16,
            window: window, spread: 1, &random)
        }
      }
    }
  }

  /// Scores in the hundreds, where exponentials without the running maximum overflow.
  @Test(arguments: InstructionSet.available)
  func largeScoresDoNotOverflow(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 13)
    for queries in [1, 90] {
      check(
        KernelTable(set), queries: queries, keys: 200, headDimension: 64, window: 0, spread: 6,
        &random)
    }
  }

  /// Every key is seen, those behind the query too, and there may be fewer keys than queries.
  @Test(arguments: InstructionSet.available)
  func bidirectionalQueriesSeeEveryKey(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 14)
    for queries in [1, 2, 3, 25, 97] {
      for keys in [1, 2, 63, 64, 65, 150] {
        check(
          KernelTable(set), queries: queries, keys: keys, headDimension: random.pick(1...70),
          window: 0, spread: 1, bidirectional: true, &random)
      }
    }
  }

  private func check(
    _ kernels: KernelTable, queries: Int, keys: Int, headDimension d: Int, window: Int,
    spread: Float, bidirectional: Bool = false, _ random: inout SeededGenerator
  ) {
    let qStride = d + 1, kvStride = d + 2, outStride = d + 3
    let q = random.signed(queries * qStride).map { $0 * spread }
    let k = random.signed(keys * kvStride).map { $0 * spread }
    let v = random.signed(keys * kvStride)
    var out = [Float](repeating: 77, count: queries * outStride)
    q.withUnsafeBufferPointer { q in
      k.withUnsafeBufferPointer { k in
        v.withUnsafeBufferPointer { v in
          out.withUnsafeMutableBufferPointer { out in
            var job = zk_attention(
              q: q.baseAddress, k: k.baseAddress, v: v.baseAddress, out: out.baseAddress,
              q_stride: qStride, kv_stride: kvStride, out_stride: outStride, queries: queries,
              keys: keys, head_dim: d, window: window, scale: 1.5,
              bidirectional: bidirectional ? 1 : 0)
            let scratch = UnsafeMutableRawPointer.allocate(
              byteCount: kernels.table.attention_scratch(&job), alignment: 64)
            defer { scratch.deallocate() }
            kernels.table.attention(&job, scratch)
          }
        }
      }
    }
    var worst = 0.0
    for i in 0..<queries {
      let last = bidirectional ? keys - 1 : keys - queries + i
      let first = window > 0 ? max(0, last - window + 1) : 0
      var largest = 0.0
      let scores = (first...last).map { j in
        let products = (0..<d).map { Double(q[i * qStride + $0]) * Double(k[j * kvStride + $0]) }
        largest = max(largest, products.reduce(0) { $0 + abs($1) })
        return products.reduce(0, +) * 1.5
      }
      let top = scores.max() ?? 0
      let weights = scores.map { exp($0 - top) }
      let sum = weights.reduce(0, +)
      // A score's rounding error, (d + 3) half ulps of its terms' sum, is the relative error of its
      // exponential; the average adds those of its sums. |v| < 1.
      let bound = (Double(d + 3) * largest * 1.5 + Double(keys + 20)) * 0x1p-23
      for column in 0..<d {
        let exact = zip(weights, first...last).reduce(0.0) {
          $0 + $1.0 / sum * Double(v[$1.1 * kvStride + column])
        }
        worst = max(worst, abs(Double(out[i * outStride + column]) - exact) / bound)
      }
    }
    #expect(worst <= 1, "queries \(queries) keys \(keys) head \(d) window \(window)")
    let between = (0..<queries).flatMap { i in (d..<outStride).map { out[i * outStride + $0] } }
    #expect(between.allSatisfy { $0 == 77 })
  }
}
