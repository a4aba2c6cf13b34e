/// Shamir's secret sharing (1979) over GF(2^8), byte by byte.
///
/// Any `threshold` shares determine the secret; fewer say nothing about it. A share is as long as
/// the secret. Points are public and distinct, 1 to 255.
enum ShamirSharing {
  /// Deals two secrets of 32 bytes each, side by side, to the points.
  ///
  /// - Parameter secrets: 64 bytes.
  /// - Returns: 64 bytes a point, in the points' order.
  static func deal(
    _ secrets: SecretBytes, threshold: Int, points: [UInt8],
    from random: inout some RandomNumberGenerator
  ) -> [SecretBytes] {
    let degree = max(0, threshold - 1)
    let coefficients = SecretBytes(count: 64 * degree, from: &random)
    return points.map { point in
      SecretBytes(count: 64) { share in
        var value = SIMD64<UInt8>()
        coefficients.withUnsafeBytes { bytes in
          for index in 0..<degree {
            value ^= bytes.load(fromByteOffset: 64 * index, as: SIMD64<UInt8>.self)
            value = BinaryField.multiply(value, by: point)
          }
        }
        secrets.withUnsafeBytes { value ^= $0.loadUnaligned(as: SIMD64<UInt8>.self) }
        share.storeBytes(of: value, as: SIMD64<UInt8>.self)
      }
    }
  }

  /// One share of a secret of 32 bytes.
  struct Share {
    let point: UInt8
    let value: SIMD32<UInt8>
  }

  /// The value at `target` of the polynomial of least degree through the shares, whose points are
  /// distinct; at 0 it is the secret.
  static func interpolate(_ shares: [Share], at target: UInt8 = 0) -> SIMD32<UInt8> {
    var sum = SIMD32<UInt8>()
    for (index, share) in shares.enumerated() {
      var numerator: UInt8 = 1
      var denominator: UInt8 = 1
      for (other, at) in shares.enumerated() where other != index {
        numerator = BinaryField.multiply(numerator, at.point ^ target)
        denominator = BinaryField.multiply(denominator, at.point ^ share.point)
      }
      let weight = BinaryField.multiply(numerator, BinaryField.inverse(denominator))
      sum ^= BinaryField.multiply(share.value, by: weight)
    }
    return sum
  }
}
