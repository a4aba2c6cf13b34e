import CZorBAKernels
package import ZorBATensor

/// One tensor of an adapter, as a model and a description call for it.
package struct AdapterEntry: Sendable, Equatable {
  /// What a tensor holds before any training.
  package enum Start: Sendable {
    /// Uniform between plus and minus 1 / sqrt(row length), as PEFT draws A.
    case uniform
    case zero
    case one
  }

  /// The path of the adapted layer and what the tensor is to it, such as
  /// `model.layers.0.self_attn.q_proj.lora_A.weight`: PEFT's name without its prefix.
  package let name: String
  package let block: Int
  /// A vector has one extent here whatever it has in a file.
  package let shape: [Int]
  package let start: Start

  package init(name: String, block: Int, shape: [Int], start: Start) {
    self.name = name
    self.block = block
    self.shape = shape
    self.start = start
  }

  package var elementCount: Int { shape.reduce(1, *) }

  /// The domain of initial values in the random generator's counters (numerics spec 1, section 2).
  private static let domain: UInt32 = 2

  /// Fills a tensor with what it holds before any training: the same bits on every machine.
  ///
  /// Element e of row r of a uniform tensor is (2 (w >> 8) + 1 − 2^24) · 2^−24 · f, with w word e mod 4
  /// of the Philox block under the key `seed` at the counter (e div 4, r, tensor id, 2), and f the
  /// binary32 nearest to 1 over the binary32 nearest to sqrt(row length). The first factor and the
  /// power of two are exact; the last product is rounded once.
  package func fill(
    _ values: UnsafeMutablePointer<Float>, id: TensorID, seed: UInt64
  ) {
    switch start {
    case .zero: values.update(repeating: 0, count: elementCount)
    case .one: values.update(repeating: 1, count: elementCount)
    case .uniform:
      let width = shape.last ?? 1
      let bound = 1 / Float(width).squareRoot()
      var words: [UInt32] = [0, 0, 0, 0]
      for row in 0..<elementCount / max(width, 1) {
        for column in 0..<width {
          if column % 4 == 0 {
            let counter = [UInt32(column / 4), UInt32(row), id.rawValue, Self.domain]
            zk_philox(seed, counter, &words)
          }
          let odd = 2 * Int32(words[column % 4] >> 8) + 1 - 1 << 24
          values[row * width + column] = Float(odd) * 0x1p-24 * bound
        }
      }
    }
  }
}
