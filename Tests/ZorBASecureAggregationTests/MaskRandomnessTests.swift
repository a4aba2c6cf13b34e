import Foundation
import Testing
import ZorBATestSupport

@testable import ZorBASecureAggregation

/// What leaves a site looks like noise although what it adds is constant. Tests after NIST SP 800-22;
/// each passes with probability above 1 - 1e-6 on true noise, and generators are seeded.
@Suite struct MaskRandomnessTests {
  private static let words = 1 << 15

  /// The masked vectors of three sites whose vectors are all the same word.
  private static func masked() throws -> [[UInt64]] {
    let staged = try Staged(members: [1, 2, 3], words: words)
    try staged.step()
    return try [1, 2, 3].map { member in
      let answer = try #require(try staged.site(member).receive(try staged.message(member)))
      return answer.suffix(8 * words).withUnsafeBytes { bytes in
        (0..<words).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
      }
    }
  }

  @Test func maskedVectorsPassEveryTest() throws {
    for words in try Self.masked() {
      for (name, statistic) in Self.statistics(words) {
        #expect(abs(statistic) < 4.9, "\(name): \(statistic)")
      }
      #expect(Set(words).count == words.count)
    }
  }

  /// Masks of different sites have nothing to do with each other, nor with the next session's.
  @Test func masksAreIndependent() throws {
    let masked = try Self.masked()
    for (left, right) in [(0, 1), (0, 2), (1, 2)] {
      let difference = zip(masked[left], masked[right]).map { $0 &- $1 }
      for (name, statistic) in Self.statistics(difference) {
        #expect(abs(statistic) < 4.9, "\(name): \(statistic)")
      }
    }
    // All three together are the sum, to the last bit, plus three self masks: still noise.
    let sum = masked.reduce([UInt64](repeating: 0, count: Self.words)) { sum, words in
      zip(sum, words).map { $0 &+ $1 }
    }
    #expect(abs(Self.statistics(sum)[0].1) < 4.9)
    #expect(Set(sum).count == sum.count)
  }

  /// The tests see what they are for.
  @Test func whatIsNotNoiseFails() {
    func fails(_ make: (Int) -> UInt64) -> Bool {
      Self.statistics((0..<Self.words).map(make)).contains { abs($0.1) > 4.9 }
    }
    var generator = SeededGenerator(seed: 1)
    #expect(fails { _ in 7 })
    #expect(fails { UInt64($0) })
    #expect(fails { _ in generator.next() | 1 })
    #expect(
      fails { _ in
        let byte = UInt64.random(in: 0...200, using: &generator)
        return generator.next() & ~(0xFF << 16) | byte << 16
      })
    var last: UInt64 = 0
    #expect(
      fails { _ in
        last = last &+ generator.next() >> 4
        return last
      })
    #expect(!fails { _ in generator.next() })
  }

  /// Standard scores, near standard normal for noise.
  private static func statistics(_ words: [UInt64]) -> [(String, Double)] {
    let bits = Double(64 * words.count)
    let ones = Double(words.reduce(0) { $0 + $1.nonzeroBitCount })
    let monobit = (2 * ones - bits) / bits.squareRoot()

    var counts = [Int](repeating: 0, count: 256)
    for word in words {
      for shift in stride(from: 0, to: 64, by: 8) { counts[Int(word >> UInt64(shift) & 255)] += 1 }
    }
    let expected = Double(8 * words.count) / 256
    let chi = counts.reduce(0.0) {
      $0 + (Double($1) - expected) * (Double($1) - expected) / expected
    }
    // Wilson and Hilferty's cube root brings a chi-square to a normal.
    let bytes = (cbrt(chi / 255) - (1 - 2 / (9 * 255.0))) / (2 / (9 * 255.0)).squareRoot()

    var changes = 0
    var previous = words[0] & 1
    for word in words {
      changes += (word ^ (word << 1 | previous)).nonzeroBitCount
      previous = word >> 63
    }
    let share = ones / bits
    let mean = 2 * bits * share * (1 - share)
    let runs =
      share == 0 || share == 1
      ? .infinity
      : (Double(changes) - mean) / (2 * bits.squareRoot() * share * (1 - share))

    let values = words.map { Double($0) / 0x1p64 - 0.5 }
    let products = zip(values, values.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
    let serial = products / (Double(words.count - 1).squareRoot() / 12)
    return [("monobit", monobit), ("bytes", bytes), ("runs", runs), ("serial", serial)]
  }
}
