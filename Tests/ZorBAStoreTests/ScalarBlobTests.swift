import Testing
import ZorBADiagnostics
import ZorBAStore

/// Scalars are kept to the bit, least significant byte first.
@Suite struct ScalarBlobTests {
  @Test func keepsEveryBitPattern() throws {
    var random = RandomValues(seed: 1)
    let patterns = (0..<2000).map { _ in UInt32(random.below(1 << 32)) }
    let blob = try ScalarBlob(patterns.map { Float(bitPattern: $0) })
    #expect(blob.scalars.map(\.bitPattern) == patterns)
    #expect(try ScalarBlob(bytes: blob.bytes) == blob)
  }

  @Test func isLittleEndianBinary32() throws {
    #expect(try ScalarBlob([1.5, -0.0]).bytes == [0, 0, 0xC0, 0x3F, 0, 0, 0, 0x80])
    #expect(try ScalarBlob(bytes: []).scalars.isEmpty)
  }

  @Test(arguments: [1, 2, 3, 5, 4 * 7 + 1, ScalarBlob.maximumBytes + 4])
  func refusesOtherLengths(count: Int) {
    #expect(throws: ZorBAError.self) { try ScalarBlob(bytes: Array(repeating: 0, count: count)) }
  }
}
