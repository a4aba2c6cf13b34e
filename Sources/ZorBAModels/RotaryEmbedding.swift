#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Rotary position embedding (Su et al., 2021): pair `i` of a head turns by `position · frequency_i`.
///
/// Frequencies and angles are rounded to binary32 step by step, as the reference implementation
/// does: at positions beyond ten thousand the rounding itself becomes part of the model.
package struct RotaryEmbedding: Sendable, Equatable {
  /// How frequencies are stretched to reach beyond the pretraining length.
  package enum Scaling: Sendable, Equatable {
    case none
    /// All frequencies divided by one factor.
    case linear(factor: Double)
    /// Llama 3.1: long wavelengths divided by `factor`, short ones kept, a ramp between.
    case llama3(
      factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalLength: Int)
  }

  /// The base theta.
  package var base: Double
  package var scaling: Scaling

  package init(base: Double, scaling: Scaling = .none) {
    self.base = base
    self.scaling = scaling
  }

  /// Angle per position of each pair: [headSize / 2].
  func frequencies(headSize: Int) -> [Float] {
    (0..<headSize / 2).map { pair in
      let exponent = Float(2 * pair) / Float(headSize)
      return scaled(1 / Float(pow(base, Double(exponent))))
    }
  }

  private func scaled(_ frequency: Float) -> Float {
    switch scaling {
    case .none: return frequency
    case .linear(let factor): return frequency / Float(factor)
    case .llama3(let factor, let low, let high, let originalLength):
      let wavelength = Float(2 * Double.pi) / frequency
      let length = Double(originalLength)
      if wavelength < Float(length / high) { return frequency }
      if wavelength > Float(length / low) { return frequency / Float(factor) }
      let ramp = (Float(length) / wavelength - Float(low)) / Float(high - low)
      return (1 - ramp) * frequency / Float(factor) + ramp * frequency
    }
  }

  /// Cosines, then sines, of every position: [count, headSize].
  func table(positions count: Int, headSize: Int) -> [Float] {
    let frequencies = frequencies(headSize: headSize)
    let half = headSize / 2
    var table = [Float](repeating: 0, count: count * headSize)
    for position in 0..<count {
      for pair in 0..<half {
        let angle = Double(Float(position) * frequencies[pair])
        table[position * headSize + pair] = Float(cos(angle))
        table[position * headSize + half + pair] = Float(sin(angle))
      }
    }
    return table
  }
}
