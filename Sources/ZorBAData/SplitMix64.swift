/// SplitMix64 (Steele, Lea and Flood 2014): small, fast, and the same everywhere.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// A uniform index below `bound` by the high half of a product; the bias is below bound / 2^64.
  mutating func index(below bound: Int) -> Int {
    Int(UInt64(bound).multipliedFullWidth(by: next()).high)
  }

  /// Uniform in the open interval (0, 1).
  mutating func unit() -> Double { (Double(next() >> 12) + 0.5) * 0x1p-52 }

  /// A Fisher–Yates shuffle.
  mutating func shuffle<Element>(_ values: inout [Element]) {
    for position in stride(from: values.count - 1, to: 0, by: -1) {
      values.swapAt(position, index(below: position + 1))
    }
  }
}
