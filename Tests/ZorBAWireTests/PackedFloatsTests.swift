import Testing
import ZorBATestSupport
import ZorBAWire

@Suite struct PackedFloatsTests {
  /// Bits survive, those of infinities and of every kind of not-a-number too.
  @Test func roundTripsAllBits() throws {
    var generator = SeededGenerator(seed: 1)
    for count in 0..<40 {
      let values = (0..<count).map { _ in
        Float(bitPattern: .random(in: 0 ... .max, using: &generator))
      }
      let unpacked = try #require(PackedFloats.unpack(PackedFloats.pack(values)))
      #expect(unpacked.map(\.bitPattern) == values.map(\.bitPattern))
    }
  }

  @Test func isLittleEndian() {
    #expect(Array(PackedFloats.pack([1, -2])) == [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
  }

  @Test func rejectsRests() {
    for count in 0..<33 where !count.isMultiple(of: 4) {
      #expect(PackedFloats.unpack([UInt8](repeating: 1, count: count)) == nil)
    }
  }
}
