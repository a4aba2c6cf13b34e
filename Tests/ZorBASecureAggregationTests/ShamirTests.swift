import Testing
import ZorBATestSupport

@testable import ZorBASecureAggregation

@Suite struct ShamirTests {
  private struct Reference: Decodable {
    struct Sharing: Decodable {
      var threshold: Int
      var secret: String
      var points: [UInt8]
      var shares: [String]
    }
    var products: [[UInt8]]
    var inverses: [UInt8]
    var sharings: [Sharing]
  }

  private func vector(_ bytes: [UInt8]) -> SIMD32<UInt8> { SIMD32(bytes.prefix(32)) }

  @Test func arithmeticAgreesWithTables() throws {
    let reference = try Golden.read("shamir", as: Reference.self)
    for product in reference.products {
      #expect(BinaryField.multiply(product[0], product[1]) == product[2])
    }
    // Bytes side by side, each of them another one: nothing carries over.
    var random = SeededGenerator(seed: 4)
    for factor in UInt8.min...UInt8.max {
      let bytes = SIMD64<UInt8>.random(in: 0...255, using: &random)
      let wide = BinaryField.multiply(bytes, by: factor)
      let low = BinaryField.multiply(bytes.lowHalf, by: factor)
      #expect(low == wide.lowHalf)
      #expect(wide.indices.allSatisfy { wide[$0] == BinaryField.multiply(bytes[$0], factor) })
    }
    for (element, inverse) in reference.inverses.enumerated() {
      #expect(BinaryField.inverse(UInt8(element)) == inverse)
    }
  }

  @Test func sharesOfTheReferenceGiveItsSecrets() throws {
    var generator = SeededGenerator(seed: 2)
    for sharing in try Golden.read("shamir", as: Reference.self).sharings {
      let shares = zip(sharing.points, sharing.shares).map {
        ShamirSharing.Share(point: $0, value: vector(Golden.bytes($1)))
      }
      for _ in 0..<5 {
        let some = Array(shares.shuffled(using: &generator).prefix(sharing.threshold))
        #expect(ShamirSharing.interpolate(some) == vector(Golden.bytes(sharing.secret)))
        // And the others lie on the same polynomial.
        for share in shares {
          #expect(ShamirSharing.interpolate(some, at: share.point) == share.value)
        }
      }
      let few = Array(shares.prefix(sharing.threshold - 1))
      #expect(ShamirSharing.interpolate(few) != vector(Golden.bytes(sharing.secret)))
    }
  }

  @Test func whatIsDealtComesTogetherAgain() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<100 {
      let holders = Int.random(in: 2...254, using: &generator)
      let threshold = Int.random(in: 1...holders, using: &generator)
      let all = (1...255 as ClosedRange<UInt8>).shuffled(using: &generator)
      let points = Array(all.prefix(holders))
      let secrets = SecretBytes(count: 64, from: &generator)
      let dealt = ShamirSharing.deal(
        secrets, threshold: threshold, points: points, from: &generator)
      for half in 0..<2 {
        let shares = zip(points, dealt).map { point, share in
          ShamirSharing.Share(
            point: point,
            value: share.withUnsafeBytes {
              $0.loadUnaligned(fromByteOffset: 32 * half, as: SIMD32<UInt8>.self)
            })
        }
        let some = Array(shares.shuffled(using: &generator).prefix(threshold))
        let expected = secrets.withUnsafeBytes {
          $0.loadUnaligned(fromByteOffset: 32 * half, as: SIMD32<UInt8>.self)
        }
        #expect(ShamirSharing.interpolate(some) == expected)
      }
    }
  }

  /// One share below the threshold: whatever the secret, each byte of the share is uniform.
  @Test func tooFewSharesAreUniform() {
    var generator = SeededGenerator(seed: 4)
    let secrets = SecretBytes(count: 64) { _ in }
    var counts = [Int](repeating: 0, count: 256)
    let deals = 2000
    for _ in 0..<deals {
      let dealt = ShamirSharing.deal(secrets, threshold: 2, points: [7], from: &generator)
      dealt[0].withUnsafeBytes { for byte in $0 { counts[Int(byte)] += 1 } }
    }
    let expected = Double(64 * deals) / 256
    let statistic = counts.reduce(0.0) {
      $0 + (Double($1) - expected) * (Double($1) - expected) / expected
    }
    // Chi-square with 255 degrees of freedom: mean 255, and 1e-7 on either side.
    #expect((150...385).contains(statistic))
  }
}
