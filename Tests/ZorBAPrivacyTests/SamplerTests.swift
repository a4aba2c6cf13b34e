import Foundation
import Testing
import ZorBAPrivacy
import ZorBATestSupport

/// A repeatable generator in the place of a cryptographic one, so that a test says the same each time.
struct RepeatableGenerator: CryptographicGenerator {
  private var generator: SeededGenerator
  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }
  mutating func next() -> UInt64 { generator.next() }
}

@Suite struct SamplerTests {
  /// Pearson's statistic against the exact probabilities, beyond five deviations of its law.
  @Test(arguments: [1, 2, 7, 100, 2500] as [UInt64])
  func discreteGaussianFollowsItsLaw(_ variance: UInt64) throws {
    var random = RepeatableGenerator(seed: variance)
    let law = try DiscreteGaussian(variance: variance)
    let draws = 60_000
    let reach = Int64(6 * Double(variance).squareRoot()) + 6
    func weight(_ x: Int64) -> Double { exp(-Double(x * x) / (2 * Double(variance))) }
    let total = (-reach...reach).reduce(0) { $0 + weight($1) }
    var counts: [Int64: Int] = [:]
    for _ in 0..<draws { counts[law.sample(using: &random), default: 0] += 1 }
    var (statistic, cells) = (0.0, 0)
    var (restSeen, restExpected) = (draws, Double(draws))
    for x in -reach...reach {
      let expected = Double(draws) * weight(x) / total
      guard expected >= 20 else { continue }
      let seen = counts[x] ?? 0
      statistic += pow(Double(seen) - expected, 2) / expected
      cells += 1
      restSeen -= seen
      restExpected -= expected
    }
    if restExpected > 5 {
      statistic += pow(Double(restSeen) - restExpected, 2) / restExpected
      cells += 1
    }
    let freedom = Double(cells - 1)
    #expect(statistic < freedom + 5 * (2 * freedom).squareRoot() + 5, "\(variance): \(statistic)")
    #expect(statistic > freedom - 5 * (2 * freedom).squareRoot() - 5, "\(variance): \(statistic)")
  }

  @Test(arguments: [1 << 48, DiscreteGaussian.largestVariance] as [UInt64])
  func momentsOfWideNoise(_ variance: UInt64) throws {
    var random = RepeatableGenerator(seed: 5)
    let law = try DiscreteGaussian(variance: variance)
    let draws = 20_000
    let sigma = Double(variance).squareRoot()
    let values = (0..<draws).map { _ in Double(law.sample(using: &random)) / sigma }
    let mean = values.reduce(0, +) / Double(draws)
    let square = values.reduce(0) { $0 + $1 * $1 } / Double(draws)
    let fourth = values.reduce(0) { $0 + $1 * $1 * $1 * $1 } / Double(draws)
    // Five deviations: of a mean 1/sqrt(n), of a square sqrt(2/n), of a fourth power sqrt(96/n).
    #expect(abs(mean) < 5 / Double(draws).squareRoot())
    #expect(abs(square - 1) < 5 * (2 / Double(draws)).squareRoot())
    #expect(abs(fourth - 3) < 5 * (96 / Double(draws)).squareRoot())
  }

  @Test func variancesOutOfRangeAreRefused() {
    #expect(throws: (any Error).self) { try DiscreteGaussian(variance: 0) }
    #expect(throws: (any Error).self) {
      try DiscreteGaussian(variance: DiscreteGaussian.largestVariance + 1)
    }
  }

  @Test func poissonBatchesFollowTheBinomialLaw() {
    var random = RepeatableGenerator(seed: 9)
    let sampling = PoissonSampling(exampleCount: 40, expectedSize: 4)
    #expect(sampling.rate == 0.1)
    let draws = 20_000
    var (sizes, single, pairs) = ([Int](repeating: 0, count: 41), [Int](repeating: 0, count: 40), 0)
    for _ in 0..<draws {
      let batch = sampling.sample(using: &random)
      #expect(zip(batch, batch.dropFirst()).allSatisfy { $0 < $1 })
      sizes[batch.count] += 1
      for place in batch { single[place] += 1 }
      if batch.contains(3), batch.contains(17) { pairs += 1 }
    }
    var (statistic, cells, probability) = (0.0, 0.0, pow(0.9, 40.0))
    for size in 0...12 {
      let expected = Double(draws) * probability
      statistic += pow(Double(sizes[size]) - expected, 2) / expected
      cells += 1
      probability *= Double(40 - size) / Double(size + 1) / 9
    }
    #expect(statistic < cells + 5 * (2 * cells).squareRoot(), "\(statistic)")
    #expect(sizes[0] > 0)
    let deviation = (Double(draws) * 0.1 * 0.9).squareRoot()
    #expect(single.allSatisfy { abs(Double($0) - 0.1 * Double(draws)) < 5 * deviation })
    #expect(abs(Double(pairs) - 0.01 * Double(draws)) < 5 * (0.01 * Double(draws)).squareRoot())
    #expect(PoissonSampling(exampleCount: 3, expectedSize: 16).rate == 1)
    #expect(
      PoissonSampling(exampleCount: 3, expectedSize: 16).sample(using: &random) == [0, 1, 2])
  }
}
