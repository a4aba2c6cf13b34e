extension SeededGenerator {
  /// The bytes with one to four random changes: overwritten, inserted, removed, swapped or cut off.
  package mutating func mutated(_ bytes: [UInt8], within range: Range<Int>) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &self) {
      let range = range.clamped(to: 0..<bytes.count)
      guard !range.isEmpty else { return bytes }
      let place = Int.random(in: range, using: &self)
      switch Int.random(in: 0..<7, using: &self) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &self)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
      case 2: bytes.insert(UInt8.random(in: 0...255, using: &self), at: place)
      case 3: bytes.remove(at: place)
      case 4: bytes.swapAt(place, Int.random(in: range, using: &self))
      // Digits and brackets reach further than noise does.
      case 5:
        bytes[place] = Array("0123456789-.eE{}[],:\"\\u".utf8).randomElement(using: &self) ?? 0
      default: bytes.removeSubrange(place...)
      }
    }
    return bytes
  }
}
