import Testing
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJSON
import ZorBATensor
import ZorBATestSupport

/// Conversions, seen through the copy that applies them.
@Suite struct ConversionTests {
  private func convert(_ bits: [UInt32], _ source: DType, _ target: DType) throws -> [UInt32] {
    let width = source.byteCount
    let buffer = try AlignedBuffer(byteCount: bits.count * width)
    for (index, word) in bits.enumerated() {
      if width == 4 {
        buffer.bytes.storeBytes(of: word, toByteOffset: index * 4, as: UInt32.self)
      } else {
        buffer.bytes.storeBytes(of: UInt16(word), toByteOffset: index * 2, as: UInt16.self)
      }
    }
    let tensor = Tensor(dtype: source, shape: [bits.count], bytes: buffer.bytes, owner: buffer)
    let copy = try WorkingCopy(of: MemorySource([("w", tensor)]), dtype: target)
    let result = try copy.tensor(named: "w")
    #expect(result.dtype == target)
    return (0..<bits.count).map {
      target.byteCount == 4
        ? result.bytes.load(fromByteOffset: $0 * 4, as: UInt32.self)
        : UInt32(result.bytes.load(fromByteOffset: $0 * 2, as: UInt16.self))
    }
  }

  private func isFinite(_ bits: UInt32, _ dtype: DType) -> Bool {
    let mask: UInt32 =
      switch dtype {
      case .float32: 0x7F80_0000
      case .bfloat16: 0x7F80
      case .float16: 0x7C00
      }
    return bits & mask != mask
  }

  @Test("Against torch: ties, subnormals, both ends of the range")
  func referenceValues() throws {
    let golden = try JSONParser.parse(try Golden.bytes("conversions.json"))
    func words(_ key: String) throws -> [UInt32] {
      try #require(golden[key]?.array).map { UInt32(try #require($0.integer)) }
    }
    let pairs: [(DType, DType)] = [
      (.float32, .bfloat16), (.float32, .float16), (.float16, .float32), (.float16, .bfloat16),
    ]
    for (source, target) in pairs {
      let inputs = try words(source.rawValue)
      let outputs = try words("\(source.rawValue)_to_\(target.rawValue)")
      try #require(inputs.count == outputs.count && inputs.count > 100)
      let rows = zip(inputs, outputs)
      let kept = rows.filter { isFinite($1, target) || !isFinite($0, source) }
      #expect(try convert(kept.map(\.0), source, target) == kept.map(\.1))
      for (input, _) in rows.filter({ isFinite($0, source) && !isFinite($1, target) }) {
        #expect(throws: ZorBAError.self) { try convert([0, input], source, target) }
      }
    }
  }

  @Test("bfloat16 to binary16 rounds the binary32 of the same value")
  func bfloat16ToFloat16() throws {
    let inputs = (UInt32(0)...0xFFFF).filter {
      let value = abs(Float(bitPattern: $0 << 16))
      return value < 65520
    }
    #expect(
      try convert(inputs, .bfloat16, .float16)
        == convert(inputs.map { $0 << 16 }, .float32, .float16))
  }

  @Test("Widening is exact and narrowing undoes it, for every pattern of 16 bits")
  func roundTrips() throws {
    for dtype in [DType.bfloat16, .float16] {
      let all = Array(UInt32(0)...0xFFFF)
      let wide = try convert(all, dtype, .float32)
      let back = try convert(wide, .float32, dtype)
      for (word, result) in zip(all, back) {
        let isNaN = Float(bitPattern: wide[Int(word)]).isNaN
        // A signalling NaN comes back quiet: same payload, one more bit.
        let quiet: UInt32 = dtype == .bfloat16 ? 0x40 : 0x200
        #expect(result == word || isNaN && result == word | quiet)
      }
    }
  }

  // Swift's own binary16 does not exist on Intel Macs.
  #if !(os(macOS) && arch(x86_64))
    @Test("Against Swift's binary16: every pattern widened, 200000 random ones narrowed")
    func againstFloat16() throws {
      let all = Array(UInt32(0)...0xFFFF)
      for (word, wide) in zip(all, try convert(all, .float16, .float32)) {
        let expected = Float(Float16(bitPattern: UInt16(word)))
        #expect(wide == expected.bitPattern || expected.isNaN && Float(bitPattern: wide).isNaN)
      }
      var generator = SeededGenerator(seed: 31)
      var inputs: [UInt32] = []
      while inputs.count < 200_000 {
        let bits = UInt32(truncatingIfNeeded: generator.next())
        let value = Float(bitPattern: bits)
        if abs(value) < 65520 { inputs.append(bits) }
      }
      let expected = inputs.map { UInt32(Float16(Float(bitPattern: $0)).bitPattern) }
      #expect(try convert(inputs, .float32, .float16) == expected)
    }
  #endif

  @Test("Infinities and NaN that are stored already pass")
  func specialValues() throws {
    let bits = [Float.infinity, -.infinity, .nan].map(\.bitPattern) + [0x7F80_0001, 0xFFFF_FFFF]
    for target in [DType.bfloat16, .float16] {
      let wide = try convert(try convert(bits, .float32, target), target, .float32)
      #expect(wide[0] == bits[0])
      #expect(wide[1] == bits[1])
      for word in wide[2...] { #expect(Float(bitPattern: word).isNaN) }
    }
  }

  @Test("The error for a value that overflows names tensor, place and value")
  func overflow() throws {
    var values = [Float](repeating: 65519, count: (1 << 20) + 50)
    _ = try WorkingCopy(of: MemorySource([("big.weight", Tensor(values))]), dtype: .float16)
    values[(1 << 20) + 7] = -65520
    let source = MemorySource([("big.weight", try Tensor(values))])
    let error = try fault { _ = try WorkingCopy(of: source, dtype: .float16) }
    #expect(error.code == .invalidConfiguration)
    #expect(error.location.field == "big.weight")
    #expect(error.message.contains("element 1048583 is -65520.0"))
    #expect(error.advice?.contains("bfloat16") == true)
    _ = try WorkingCopy(of: source, dtype: .bfloat16)
  }
}
