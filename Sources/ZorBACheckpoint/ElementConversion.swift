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
