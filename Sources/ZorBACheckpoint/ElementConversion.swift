import ZorBADiagnostics
import ZorBATensor

/// Copies elements from one stored type to another, rounding to nearest, ties to even.
///
/// Both ends are little-endian, as the file format and every supported processor are.
struct ElementConversion {
  let source: DType
  let target: DType

  /// Elements converted at a time, and the grain in which source pages are given back.
  static let chunk = 1 << 20

  /// Converts `count` elements; neither pointer needs alignment, the ranges do not overlap.
  ///
  /// - Returns: The first element that was finite and no longer is, or nil when all is well.
  func convert(
    _ input: UnsafeRawPointer, to output: UnsafeMutableRawPointer, count: Int
  ) -> Int? {
    switch (source, target) {
    case (.float32, .float32), (.bfloat16, .bfloat16), (.float16, .float16):
      output.copyMemory(from: input, byteCount: count * source.byteCount)
      return nil
    case (.float32, .bfloat16): return convert(input, Binary32.self, output, BFloat16.self, count)
    case (.float32, .float16): return convert(input, Binary32.self, output, Binary16.self, count)
    case (.bfloat16, .float32): return convert(input, BFloat16.self, output, Binary32.self, count)
    case (.bfloat16, .float16): return convert(input, BFloat16.self, output, Binary16.self, count)
    case (.float16, .float32): return convert(input, Binary16.self, output, Binary32.self, count)
    case (.float16, .bfloat16): return convert(input, Binary16.self, output, BFloat16.self, count)
    }
  }

  /// The error for a tensor in which `convert` found an element that overflows.
  func overflow(of name: String, element: Int, value input: UnsafeRawPointer) -> ZorBAError {
    let bits: UInt32 =
      switch source {
      case .float32: input.loadUnaligned(as: UInt32.self)
      case .bfloat16: BFloat16.widened(input.loadUnaligned(as: UInt16.self))
      case .float16: Binary16.widened(input.loadUnaligned(as: UInt16.self))
      }
    return ZorBAError(
      .invalidConfiguration,
      "element \(element) is \(Float(bitPattern: bits)), which \(target.rawValue) cannot hold",
      at: .init(field: name.excerpt()),
      advice: "Use \(target == .float16 ? "bfloat16 or float32" : "float32") for the weights.")
  }

  private func convert<Source: FloatFormat, Target: FloatFormat>(
    _ input: UnsafeRawPointer, _: Source.Type, _ output: UnsafeMutableRawPointer, _: Target.Type,
    _ count: Int
  ) -> Int? {
    let sourceSize = MemoryLayout<Source.Bits>.size
    let targetSize = MemoryLayout<Target.Bits>.size
    // Faults are only counted in the loop, which keeps it free of branches.
    var faults: UInt32 = 0
    for index in 0..<count {
      let bits = input.loadUnaligned(fromByteOffset: index &* sourceSize, as: Source.Bits.self)
      let result = Target.narrowed(Source.widened(bits))
      faults |= Self.overflows(bits, Source.self, result, Target.self) ? 1 : 0
      output.storeBytes(of: result, toByteOffset: index &* targetSize, as: Target.Bits.self)
    }
    guard faults != 0 else { return nil }
    return (0..<count).first { index in
      Self.overflows(
        input.loadUnaligned(fromByteOffset: index * sourceSize, as: Source.Bits.self), Source.self,
        output.loadUnaligned(fromByteOffset: index * targetSize, as: Target.Bits.self), Target.self)
    }
  }

  @inline(__always)
  private static func overflows<Source: FloatFormat, Target: FloatFormat>(
    _ bits: Source.Bits, _: Source.Type, _ result: Target.Bits, _: Target.Type
  ) -> Bool {
    let wasFinite = bits & Source.exponentMask != Source.exponentMask
    let isFinite = result & Target.exponentMask != Target.exponentMask
    return wasFinite && !isFinite
  }
}

// MARK: - Formats

/// A stored floating-point format, by its bit patterns.
///
/// Everything passes through binary32, which holds every bfloat16 and binary16 exactly: a
/// conversion between the two rounds once. The formats stand in the file of the loops that use them,
/// so that a build file by file specialises those loops too.
private protocol FloatFormat {
  associatedtype Bits: FixedWidthInteger & UnsignedInteger

  /// The exponent field; all of it set means infinity or NaN.
  static var exponentMask: Bits { get }
  /// The binary32 of the same value.
  static func widened(_ bits: Bits) -> UInt32
  /// The nearest value, ties to even; a NaN stays one.
  static func narrowed(_ bits: UInt32) -> Bits
}

private enum Binary32: FloatFormat {
  @inline(__always) static var exponentMask: UInt32 { 0x7F80_0000 }
  @inline(__always) static func widened(_ bits: UInt32) -> UInt32 { bits }
  @inline(__always) static func narrowed(_ bits: UInt32) -> UInt32 { bits }
}

private enum BFloat16: FloatFormat {
  @inline(__always) static var exponentMask: UInt16 { 0x7F80 }

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

private enum Binary16: FloatFormat {
  @inline(__always) static var exponentMask: UInt16 { 0x7C00 }

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
