#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

/// binary32 numbers as the bytes of a message: four each, little endian.
///
/// The bits pass unchanged, those of numbers that are none too.
package enum PackedFloats {
  /// The bytes of the numbers.
  package static func pack(_ values: some Collection<Float>) -> Data {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * values.count)
    for value in values {
      let bits = value.bitPattern
      bytes.append(UInt8(truncatingIfNeeded: bits))
      bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
      bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
      bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
    }
    return Data(bytes)
  }

  /// The numbers of the bytes; nothing when a rest is left.
  package static func unpack(_ bytes: some Sequence<UInt8>) -> [Float]? {
    var values: [Float] = []
    values.reserveCapacity(bytes.underestimatedCount / 4)
    var bits: UInt32 = 0
    var filled: UInt32 = 0
    for byte in bytes {
      bits |= UInt32(byte) << (8 * filled)
      filled += 1
      if filled == 4 {
        values.append(Float(bitPattern: bits))
        bits = 0
        filled = 0
      }
    }
    return filled == 0 ? values : nil
  }
}
