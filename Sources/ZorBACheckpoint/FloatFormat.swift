/// A stored floating-point format, by its bit patterns.
///
/// Everything passes through binary32, which holds every bfloat16 and binary16 exactly: a
/// conversion between the two rounds once.
protocol FloatFormat {
  associatedtype Bits: FixedWidthInteger & UnsignedInteger

  /// The exponent field; all of it set means infinity or NaN.
  static var exponentMask: Bits { get }
  /// The binary32 of the same value.
  static func widened(_ bits: Bits) -> UInt32
  /// The nearest value, ties to even; a NaN stays one.
  static func narrowed(_ bits: UInt32) -> Bits
}

enum Binary32: FloatFormat {
  static var exponentMask: UInt32 { 0x7F80_0000 }
  @inline(__always) static func widened(_ bits: UInt32) -> UInt32 { bits }
  @inline(__always) static func narrowed(_ bits: UInt32) -> UInt32 { bits }
}

enum BFloat16: FloatFormat {
  static var exponentMask: UInt16 { 0x7F80 }

  @inline(__always) static func widened(_ bits: UInt16) -> UInt32 { UInt32(bits) << 16 }

  @inline(__always) static func narrowed(_ bits: UInt32) -> UInt16 {
    let isNaN = bits & 0x7FFF_FFFF > 0x7F80_0000
    // Half a unit, less one where the kept bits are even, so that ties go to even. The carry runs
    // into the exponent as it should; only a NaN could wrap.
    let rounded = (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
    let quieted = bits >> 16 | 0x40
    return UInt16(truncatingIfNeeded: isNaN ? quieted : rounded)
  }
}

enum Binary16: FloatFormat {
  static var exponentMask: UInt16 { 0x7C00 }

  @inline(__always) static func widened(_ bits: UInt16) -> UInt32 {
    let sign = UInt32(bits & 0x8000) << 16
    let magnitude = UInt32(bits & 0x7FFF)
    // Shifted into place the exponent is 112 too small; the product mends it, for subnormals too,
    // and is exact.
    let scaled = (Float(bitPattern: magnitude << 13) * 0x1p112).bitPattern
    let special = magnitude << 13 | 0x7F80_0000
    return sign | (magnitude >= 0x7C00 ? special : scaled)
  }

  @inline(__always) static func narrowed(_ bits: UInt32) -> UInt16 {
    let sign = UInt16(truncatingIfNeeded: bits >> 16 & 0x8000)
    let magnitude = bits & 0x7FFF_FFFF
    // From 2^-14 up: rebias, round half to even, and stop at infinity. The rebias wraps below that
    // range, where the result goes unused.
    let rounded = (magnitude &- 0x3800_0000 &+ 0x0FFF &+ (magnitude >> 13 & 1)) >> 13
    let normal = magnitude >= 0x4780_0000 ? 0x7C00 : rounded
    // Below: one unit of 0.5 is 2^-24, the step of the subnormals, so the sum rounds to it.
    let tiny = (Float(bitPattern: magnitude) + 0.5).bitPattern &- Float(0.5).bitPattern
    let nan = 0x7E00 | (magnitude >> 13 & 0x3FF)
    let finite = magnitude < 0x3880_0000 ? tiny : normal
    return sign | UInt16(truncatingIfNeeded: magnitude > 0x7F80_0000 ? nan : finite)
  }
}
