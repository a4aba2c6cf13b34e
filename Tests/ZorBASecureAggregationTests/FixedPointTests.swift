import Testing
import ZorBADiagnostics
import ZorBATestSupport

@testable import ZorBASecureAggregation

@Suite struct FixedPointTests {
  @Test func sumsComeBackWithinARoundingOfEach() throws {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<2000 {
      let members = Int.random(in: 1...50, using: &generator)
      let clip = Double.random(in: 1e-3...1e6, using: &generator)
      let weights = (0..<members).map { _ in Double.random(in: 0...1000, using: &generator) }
      let total = weights.reduce(0, +) * (1 + 1e-12)
      let fixed = try FixedPoint(clip: clip, totalWeight: total, members: members)
      var sum: UInt64 = 0
      var exact = 0.0
      var magnitude = 0.0
      for weight in weights {
        let value = Double.random(in: -2 * clip...2 * clip, using: &generator)
        sum &+= try fixed.encode(value, weight: weight)
        let clipped = weight * max(-clip, min(clip, value))
        exact += clipped
        magnitude += abs(clipped)
      }
      let tolerance = Double(members) * fixed.step / 2 + magnitude * 1e-14
      #expect(abs(fixed.decode(sum) - exact) <= tolerance)
    }
  }

  /// Everybody at the bound, in both directions: the sum keeps its sign.
  @Test func theBoundIsReachedWithoutOverflow() throws {
    for clip in [0.5, 1, 3, 1e5, 1e9] {
      for total in [1.0, 7, 1e3, 1e6] {
        guard let fixed = try? FixedPoint(clip: clip, totalWeight: total, members: 1000) else {
          #expect(clip * total > 1e12)
          continue
        }
        // One bit more would not have fitted, or is not used.
        let bound = total * max(1, clip)
        let next = bound * Double(sign: .plus, exponent: fixed.fractionBits + 1, significand: 1)
        #expect(next >= 0x1p62 || fixed.fractionBits == FixedPoint.mostFractionBits)
        for sign in [1.0, -1] {
          var sum: UInt64 = 0
          for _ in 0..<1000 {
            sum &+= try fixed.encode(sign * .infinity, weight: total / 1000)
          }
          let expected = sign * total * clip
          #expect(abs(fixed.decode(sum) - expected) <= 1e-9 * abs(expected) + 500 * fixed.step)
        }
      }
    }
  }

  @Test func wholeVectorsComeBackAsTheirParts() throws {
    let fixed = try FixedPoint(clip: 10, totalWeight: 1, members: 2)
    let one = try fixed.vector(scalars: [1, -2, 100], weight: 0.25, loss: 2)
    let two = try fixed.vector(scalars: [3, 4, -5], weight: 0.75, loss: 1)
    let sum = try fixed.decode(sum: zip(one, two).map { $0 &+ $1 })
    #expect(sum.scalars == [2.5, 2.5, -1.25])
    #expect(sum.weight == 1)
    #expect(sum.loss == 1.25)
    #expect(one.count == 5)
  }

  @Test func refusesWhatItCannotHold() throws {
    let fixed = try FixedPoint(clip: 10, totalWeight: 1, members: 2)
    #expect(throws: ZorBAError.self) { try fixed.encode(.nan, weight: 0.5) }
    for weight in [-0.1, 1.1, .nan, .infinity] {
      #expect(throws: ZorBAError.self) { try fixed.encode(1, weight: weight) }
      #expect(throws: ZorBAError.self) { try fixed.vector(scalars: [], weight: weight, loss: 0) }
    }
    #expect(throws: ZorBAError.self) { try fixed.decode(sum: [1]) }
    #expect(throws: ZorBAError.self) { try fixed.decode(sum: [.max, 0]) }
    #expect(throws: ZorBAError.self) { try fixed.decode(sum: [1 << 62, 0]) }
    for (clip, total) in [(0, 1), (-1, 1), (Double.nan, 1), (1, 0), (.infinity, 1), (1e10, 1e6)] {
      let error = #expect(throws: ZorBAError.self) {
        try FixedPoint(clip: clip, totalWeight: total, members: 3)
      }
      #expect(error?.code == .invalidConfiguration)
    }
  }
}
