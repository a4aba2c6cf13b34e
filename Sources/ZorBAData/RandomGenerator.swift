/// A small random generator whose every output is fixed by its seed, on any machine and for ever.
///
/// xoshiro256** (Blackman & Vigna 2021) with its state filled by SplitMix64 (Steele, Lea & Flood
/// 2014). Partitions and minibatches must be recomputable years later, so bounded integers and
/// shuffles are specified here too: the standard library may change its own. Not for secrets.
package struct RandomGenerator: Sendable, RandomNumberGenerator {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// A generator for a seed and the words that say what it is for, such as an epoch.
  ///
  /// Each word is mixed in by one SplitMix64 step, so that neighbouring words give unrelated
  /// streams.
  package init(seed: UInt64, _ words: UInt64...) {
    var mixer = SplitMix64(state: seed)
    for word in words { mixer = SplitMix64(state: mixer.next() ^ word) }
    state = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
  }

  /// The next 64 uniform bits.
  package mutating func next() -> UInt64 {
    func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
      value << count | value >> (64 - count)
    }
    let result = rotate(state.1 &* 5, 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotate(state.3, 45)
    return result
  }

  /// A uniform integer below `bound`, without bias (Lemire 2019).
  package mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0)
    let range = UInt64(bound)
    var product = next().multipliedFullWidth(by: range)
    if product.low < range {
      let threshold = (0 &- range) % range
      while product.low < threshold { product = next().multipliedFullWidth(by: range) }
    }
    return Int(product.high)
  }

  /// A uniform number strictly between 0 and 1: (k + 1/2) 2^-52, exact in binary64.
  package mutating func unit() -> Double { (Double(next() >> 12) + 0.5) * 0x1p-52 }

  /// Puts the elements into uniformly random order (Fisher & Yates, from the end).
  package mutating func shuffle<Element>(_ elements: inout [Element]) {
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, below(last + 1))
    }
  }
}

/// A counter with a strong output function; used to spread seeds.
package struct SplitMix64: Sendable {
  private var state: UInt64

  /// A generator starting from `state`.
  package init(state: UInt64) { self.state = state }

  /// The next 64 bits.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
