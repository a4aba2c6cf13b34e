import CZorBAKernels
import ZorBATensor

/// The kernels of one instruction set, under Swift types.
struct KernelTable {
  let set: InstructionSet
  let table: zk_kernels

  /// `set` must be one of `InstructionSet.available`.
  init(_ set: InstructionSet) {
    guard let pointer = set.kernels else { preconditionFailure("\(set) is not available here") }
    self.set = set
    table = pointer.pointee
  }

  static var scalar: KernelTable { KernelTable(.scalar) }

  func perturbation(_ direction: zk_direction, row: UInt32, start: UInt32, count: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count + 1) { buffer, filled in
      // One element of slack proves that nothing is written past the end.
      buffer.baseAddress?.initialize(repeating: 77, count: count + 1)
      withUnsafePointer(to: direction) {
        table.perturbation($0, row, start, count, buffer.baseAddress)
      }
      precondition(buffer[count] == 77, "wrote past the end")
      filled = count
    }
  }

  /// Elements [start, start + count) of a row after `rounds`, or nil when one cannot be stored.
  func update(
    _ stored: StoredElements, row: UInt32, start: UInt32, _ rounds: [Round]
  ) -> StoredElements? {
    var result = stored
    return updateInPlace(&result, row: row, start: start, rounds) == ZK_OK ? result : nil
  }

  func updateInPlace(
    _ stored: inout StoredElements, row: UInt32, start: UInt32, _ rounds: [Round]
  ) -> zk_status {
    // Terms lie in one array that outlives the call; each round points at its part.
    let terms = rounds.flatMap(\.terms)
    let count = stored.count
    let dtype = stored.dtype.kernelCode
    return terms.withUnsafeBufferPointer { terms in
      var first = 0
      let native = rounds.map { round in
        defer { first += round.terms.count }
        return zk_round(
          terms: terms.baseAddress.map { $0 + first }, term_count: round.terms.count,
          rounding_seed: round.roundingSeed, decay: round.decay, tensor: round.tensor)
      }
      return stored.bytes.withUnsafeMutableBytes {
        table.update($0.baseAddress, dtype, row, start, count, native, native.count)
      }
    }
  }

  /// Applies an in-place elementwise kernel to a copy.
  func apply(
    _ kernel: KeyPath<zk_kernels, (@convention(c) (UnsafeMutablePointer<Float>?, Int) -> Void)?>,
    _ x: [Float]
  ) -> [Float] {
    var y = x
    table[keyPath: kernel]?(&y, y.count)
    return y
  }
}

/// One committed round of one tensor.
struct Round {
  var terms: [zk_term]
  var roundingSeed: UInt64
  var decay: Float = 1
  var tensor: UInt32
}

/// Elements as a checkpoint holds them.
struct StoredElements: Equatable {
  let dtype: DType
  var bytes: [UInt8]

  var count: Int { bytes.count / dtype.byteCount }

  /// From bit patterns; the low half counts for the 16-bit types.
  init(_ dtype: DType, bits: [UInt32]) {
    self.dtype = dtype
    bytes =
      dtype == .float32
      ? bits.withUnsafeBytes(Array.init)
      : bits.map(UInt16.init(truncatingIfNeeded:)).withUnsafeBytes(Array.init)
  }

  /// The nearest stored values.
  init(_ dtype: DType, _ values: [Float]) {
    self.init(
      dtype,
      bits: values.map {
        switch dtype {
        case .float32: $0.bitPattern
        case .bfloat16: ($0.bitPattern + 0x8000) >> 16
        case .float16: UInt32(halfBits(of: $0))
        }
      })
  }

  var bits: [UInt32] {
    bytes.withUnsafeBytes { raw in
      (0..<count).map { i in
        dtype == .float32
          ? raw.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self)
          : UInt32(raw.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
      }
    }
  }

  var values: [Float] {
    bits.map {
      switch dtype {
      case .float32: Float(bitPattern: $0)
      case .bfloat16: Float(bitPattern: $0 << 16)
      case .float16: floatOfHalf(UInt16($0))
      }
    }
  }
}

/// binary16 by the definition of the format.
func floatOfHalf(_ bits: UInt16) -> Float {
  let sign: Float = bits & 0x8000 == 0 ? 1 : -1
  let exponent = Int(bits >> 10 & 31)
  let fraction = Float(bits & 0x3FF)
  switch exponent {
  case 0: return sign * fraction * 0x1p-24
  case 31: return fraction == 0 ? sign * .infinity : .nan
  default: return sign * Float(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
  }
}

/// The binary16 next to a value of its normal range towards zero; zero below that range.
func halfBits(of value: Float) -> UInt16 {
  let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
  guard value.magnitude >= 0x1p-14 else { return sign }
  return sign | UInt16((value.magnitude.bitPattern - (112 << 23)) >> 13)
}

extension zk_direction {
  init(_ distribution: PerturbationDistribution, seed: UInt64, tensor: UInt32) {
    self.init(seed: seed, tensor: tensor, distribution: distribution.kernelCode)
  }
}
