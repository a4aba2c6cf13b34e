/// Arithmetic in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1, the field of AES.
///
/// No table is looked up and no branch is taken on the first operand, so a secret there leaves no
/// trace in caches or times. The second operand is public wherever this is used: a point, or a
/// coefficient computed from points.
enum BinaryField {
  /// Each byte of `vector` times `factor`.
  @inline(__always)
  static func multiply<Vector: SIMD<UInt8>>(_ vector: Vector, by factor: UInt8) -> Vector {
    var product = Vector()
    var power = vector
    for bit in 0..<8 {
      if factor >> UInt8(bit) & 1 == 1 { product ^= power }
      let carry = Vector() &- (power &>> Vector(repeating: 7))
      power = (power &<< Vector(repeating: 1)) ^ (carry & Vector(repeating: 0x1B))
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
