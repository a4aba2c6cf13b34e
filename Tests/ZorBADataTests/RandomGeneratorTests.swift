import Foundation
import Testing
import ZorBAJSON

@testable import ZorBAData

@Suite struct RandomGeneratorTests {
  /// The published first outputs of SplitMix64 for seed 1234567.
  @Test func splitMix64EqualsItsKnownAnswers() {
    var mixer = SplitMix64(state: 1_234_567)
    let outputs = (0..<5).map { _ in mixer.next() }
    #expect(
      outputs == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }

  /// Against an independent implementation: integers exactly, shares to rounding of its libm.
  @Test func streamsEqualTheReference() throws {
    let cases = try #require(try Golden.load("sampling.json")["cases"]?.array)
    #expect(cases.count == 4)
    for golden in cases {
      func integers(_ key: String) -> [UInt64] {
        (golden[key]?.array ?? []).compactMap { $0.string.flatMap { UInt64($0) } }
      }
      let seed = try #require(golden["seed"]?.string.flatMap { UInt64($0) })
      func generator() -> RandomGenerator {
        let words = integers("words")
        return switch words.count {
        case 0: RandomGenerator(seed: seed)
        case 1: RandomGenerator(seed: seed, words[0])
        case 2: RandomGenerator(seed: seed, words[0], words[1])
        default: RandomGenerator(seed: seed, words[0], words[1], words[2])
        }
      }
      var plain = generator()
      #expect(integers("outputs") == (0..<8).map { _ in plain.next() })
      var shuffling = generator()
      var order = Array(0..<50)
      shuffling.shuffle(&order)
      #expect(order == golden["order"]?.array?.compactMap(\.integer))
      for entry in try #require(golden["dirichlet"]?.array) {
        let alpha = try #require(entry["alpha"]?.double)
        let expected = (entry["shares"]?.array ?? []).compactMap(\.double)
        var random = generator()
        let shares = random.dirichlet(alpha: alpha, count: expected.count)
        #expect(expected.count == 6)
        #expect(zip(shares, expected).allSatisfy { abs($0 - $1) < 1e-11 }, "alpha \(alpha)")
      }
    }
  }

  @Test func fixedSeriesEqualTheLibrary() {
    var random = RandomGenerator(seed: 8)
    for _ in 0..<20_000 {
      let x = Double(
        sign: .plus, exponent: random.below(1900) - 950, significand: 1 + random.unit())
      #expect(abs(FixedSeries.logarithm(x) - log(x)) <= 4 * log(x).ulp)
      let near = 0.5 + random.unit()
      #expect(abs(FixedSeries.logarithm(near) - log(near)) <= 4 * log(near).ulp)
      let y = -700 * random.unit() * random.unit()
      #expect(abs(FixedSeries.exponential(y) - exp(y)) <= 4 * exp(y).ulp)
    }
    #expect(FixedSeries.logarithm(1) == 0 && FixedSeries.exponential(0) == 1)
    #expect(FixedSeries.exponential(-1e9) == 0)
  }

  /// Moments of log-free gamma variates: mean and variance both alpha, within 5 standard errors.
  @Test(arguments: [0.3, 1, 2.5, 40])
  func gammaHasItsMoments(alpha: Double) {
    var random = RandomGenerator(seed: 9, alpha.bitPattern)
    let count = 20_000
    let draws = (0..<count).map { _ in exp(random.logGamma(alpha: alpha)) }
    let mean = draws.reduce(0, +) / Double(count)
    #expect(abs(mean - alpha) < 5 * (alpha / Double(count)).squareRoot())
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
    // Var of the sample variance: (mu4 - sigma^4)/n with mu4 = 3 alpha^2 + 6 alpha.
    let error = ((2 * alpha * alpha + 6 * alpha) / Double(count)).squareRoot()
    #expect(abs(variance - alpha) < 5 * error)
  }

  @Test func boundedIntegersAreUniform() {
    var random = RandomGenerator(seed: 10)
    var counts = [Double](repeating: 0, count: 7)
    for _ in 0..<14_000 { counts[random.below(7)] += 1 }
    // Chi-square with 6 degrees of freedom: below 27.9 with probability 0.9999.
    #expect(counts.reduce(0) { $0 + ($1 - 2000) * ($1 - 2000) / 2000 } < 27.9)
    #expect(random.below(1) == 0)
  }
}
