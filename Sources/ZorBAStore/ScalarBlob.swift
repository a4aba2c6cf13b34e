package import ZorBADiagnostics

/// The scalars of a result as they came over the wire: binary32, little endian.
///
/// Kept as bytes, so that numbers which are not numbers compare equal to themselves and rejected
/// results stay evidence to the bit.
package struct ScalarBlob: Hashable, Sendable {
  package let bytes: [UInt8]

  /// The most bytes kept of one result.
  package static let maximumBytes = 1 << 24

  /// - Throws: `ZorBAError` when the bytes are no whole number of scalars, or too many.
  package init(bytes: [UInt8]) throws(ZorBAError) {
    guard bytes.count % 4 == 0, bytes.count <= Self.maximumBytes else {
      throw ValueChecks("result").failure(
        "scalars", "\(bytes.count) bytes are no scalars of 4 bytes, or too many of them")
    }
    self.bytes = bytes
  }

  /// - Throws: `ZorBAError` when there are too many.
  package init(_ scalars: [Float]) throws(ZorBAError) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * scalars.count)
    for scalar in scalars {
      let word = scalar.bitPattern
      for shift in stride(from: 0, to: 32, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(shift)))
      }
    }
    try self.init(bytes: bytes)
  }

  package var scalars: [Float] {
    stride(from: 0, to: bytes.count, by: 4).map { start in
      let word = bytes[start..<start + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      return Float(bitPattern: word)
    }
  }
}
