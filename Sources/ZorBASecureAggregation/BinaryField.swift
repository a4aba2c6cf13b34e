/// Arithmetic in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1, the field of AES.
///
/// No table is looked up and no branch is taken on the first operand, so a secret there leaves no
/// trace in caches or times. The second operand is public wherever this is used: a point, or a
/// coefficient computed from points.
enum BinaryField {
  /// Each byte of `vector` times `factor`.
  ///
  /// Eight bytes at a time as one word: operators of vectors of bytes go through them one by one.
  static func multiply(_ vector: SIMD64<UInt8>, by factor: UInt8) -> SIMD64<UInt8> {
    var vector = vector
    withUnsafeMutableBytes(of: &vector) { bytes in
      for offset in stride(from: 0, to: bytes.count, by: 8) {
        let word = bytes.load(fromByteOffset: offset, as: UInt64.self)
        bytes.storeBytes(
          of: multiply(bytes: word, by: factor), toByteOffset: offset, as: UInt64.self)
      }
    }
    return vector
  }

  /// Each byte of `vector` times `factor`.
  static func multiply(_ vector: SIMD32<UInt8>, by factor: UInt8) -> SIMD32<UInt8> {
    multiply(SIMD64(lowHalf: vector, highHalf: SIMD32()), by: factor).lowHalf
  }

  /// Each byte of a word times `factor`.
  @inline(__always)
  private static func multiply(bytes word: UInt64, by factor: UInt8) -> UInt64 {
    var product: UInt64 = 0
    var power = word
    for bit in 0..<8 {
      product ^= power & (0 &- UInt64(factor >> UInt8(bit) & 1))
      let high = power & 0x8080_8080_8080_8080
      power = ((power ^ high) &<< 1) ^ ((high &>> 7) &* 0x1B)
    }
    return product
  }

  /// `left` times `right`.
  static func multiply(_ left: UInt8, _ right: UInt8) -> UInt8 {
    var product: UInt8 = 0
    var power = left
    for bit in 0..<8 {
      product ^= power & (0 &- (right >> UInt8(bit) & 1))
      power = (power &<< 1) ^ ((0 &- (power >> 7)) & 0x1B)
    }
    return product
  }

  /// The inverse, as `element` to the 254th power; 0 for 0.
  static func inverse(_ element: UInt8) -> UInt8 {
    // 254 = 2 + 4 + … + 128.
    var square = element
    var product: UInt8 = 1
    for _ in 0..<7 {
      square = multiply(square, square)
      product = multiply(product, square)
    }
    return product
  }
}
