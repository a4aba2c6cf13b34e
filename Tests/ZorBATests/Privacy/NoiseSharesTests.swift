import Foundation
import Testing
import ZorBADiagnostics
import ZorBAOptimization
import ZorBAPrivacy
import ZorBATestSupport

@testable import ZorBA
@testable import ZorBASecureAggregation

/// Noise in shares: what a run must hold so that shares add up, and that they do.
@Suite struct NoiseSharesTests {
  /// Ten sites of which three may collude; four honest shares make the noise.
  private static func configuration(
    _ change: (inout RunConfiguration) -> Void = { _ in }
  ) -> RunConfiguration {
    var run = RunConfiguration(model: "m", data: DataFiles(train: ["rows.jsonl"]))
    run.federation = FederationConfiguration(sites: (1...10).map { "ward-\($0)" })
    run.federation.weights = .uniform
    run.task.labels = [("good", "y"), ("bad", "n")]
    run.method.directions = 2
    run.batch.size = 4
    run.secureAggregation.mode = .on
    run.secureAggregation.minimumGroup = 7
    run.differentialPrivacy = DifferentialPrivacyConfiguration(epsilon: 8)
    run.differentialPrivacy?.noise = .distributed
    run.differentialPrivacy?.shares = 4
    run.differentialPrivacy?.noiseMultiplier = 1.5
    run.differentialPrivacy?.clip = 2
    change(&run)
    return run
  }

  @Test func whatKeepsSharesFromAddingUpIsRefused() throws {
    func field(_ change: (inout RunConfiguration) -> Void) -> String? {
      do {
        try Self.configuration(change).validate()
        return nil
      } catch { return (error as? ZorBAError)?.location.field }
    }
    #expect(field { _ in } == nil)
    // Three of seven may collude: four shares are left, and with six members three.
    #expect(field { $0.secureAggregation.minimumGroup = 6 } == "secure_aggregation.minimum_group")
    #expect(field { $0.differentialPrivacy?.shares = 5 } == "secure_aggregation.minimum_group")
    #expect(
      field {
        $0.secureAggregation.minimumGroup = 6
        $0.secureAggregation.adversaryShare = 0.2
      } == nil)
    // A share that is cut off, or rounded, does not add up.
    #expect(field { $0.secureAggregation.clip = 20 } == "secure_aggregation.clip")
    #expect(
      field {
        $0.differentialPrivacy?.clip = 1e-6
        $0.batch.size = 64
      } == "secure_aggregation.clip")
    #expect(field { $0.batch.size = 6 } == "differential_privacy.noise")
    #expect(field { $0.method.localSteps = 2 } == "differential_privacy.noise")
    #expect(field { $0.federation.weights = .examples } == "differential_privacy.noise")
    #expect(field { $0.secureAggregation.mode = .auto } == "differential_privacy.noise")
    #expect(
      field { $0.differentialPrivacy?.noiseMultiplier = nil }
        == "differential_privacy.noise_multiplier")
  }

  @Test func aSiteWithTooFewRowsSaysSo() throws {
    let run = Self.configuration()
    let privacy = try #require(run.differentialPrivacy)
    var table = NoiseTable()
    _ = try ClientMechanism(run, privacy, examples: 4, noise: &table)
    let error = #expect(throws: ZorBAError.self) {
      try ClientMechanism(run, privacy, examples: 3, noise: &table)
    }
    #expect(error?.location.field == "batch.size")
  }

  /// The sum that the coordinator decodes is, bit for bit, the sum of clipped vectors and of every
  /// survivor's noise: nothing is rounded on the way.
  @Test(arguments: [1e-3, 2, 700.0])
  func theDecodedSumIsExact(_ clip: Double) throws {
    let run = Self.configuration { $0.differentialPrivacy?.clip = clip }
    try run.validate()
    let privacy = try #require(run.differentialPrivacy)
    let terms = SecureTerms(run, federation: "f", run: "r", epoch: 1, agreed: [])
    var table = NoiseTable()
    let mechanism = try ClientMechanism(run, privacy, examples: 50, noise: &table)
    var (random, noise) = (SeededGenerator(seed: 5), RepeatableNoise(seed: 6))
    for _ in 0..<300 {
      var (words, expected) = ([UInt64](repeating: 0, count: 4), [Int64](repeating: 0, count: 2))
      for _ in 0..<10 {
        let rows = (0..<Int.random(in: 0...12, using: &random)).map { _ in
          (0..<2).map { _ in Double.random(in: -3 * clip...3 * clip, using: &random) }
        }
        var twin = noise
        let released = mechanism.release.release(rows, dimension: 2, using: &noise)
        for place in 0..<2 {
          let sum = rows.reduce(Int64(0)) { $0 + mechanism.release.clipped($1)[place] }
          expected[place] += sum + mechanism.release.grid.noise.sample(using: &twin)
        }
        let vector = try terms.vector(
          scalars: released.map { Float($0) }, loss: 0, examples: 50, members: 10)
        words = zip(words, vector).map { $0 &+ $1 }
      }
      let sum = try terms.sum(
        of: SecureAggregationResult(survivors: Array(0..<10), sum: words), members: 10)
      for (scalar, steps) in zip(sum.scalars, expected) {
        #expect(scalar * 4 == mechanism.release.grid.value(steps))
      }
    }
  }

  /// The law of the decoded noise over the survivors: that of one discrete Gaussian of `survivors` shares
  /// (Kairouz, Liu and Steinke 2021, up to 10 exp(-pi^2 s^2) a pair), so at least what was promised as
  /// long as four honest ones are left.
  ///
  /// Pearson's statistic over forty cells of equal probability under that law, beyond five deviations of
  /// its own law; the variance within five deviations of 1, that is 4 % for 32,000 draws.
  @Test(arguments: [10, 7, 4])
  func theNoiseOfTheSumFollowsItsLaw(_ survivors: Int) throws {
    let run = Self.configuration()
    let privacy = try #require(run.differentialPrivacy)
    let terms = SecureTerms(run, federation: "f", run: "r", epoch: 1, agreed: [])
    var table = NoiseTable()
    let mechanism = try ClientMechanism(run, privacy, examples: 50, noise: &table)
    var noise = RepeatableNoise(seed: UInt64(survivors))
    let draws = 16_000
    let variance = Double(survivors) / 4 * pow(1.5 * 2, 2)
    let (cells, deviation) = (40, variance.squareRoot())
    var (counts, square) = ([Int](repeating: 0, count: cells), 0.0)
    for _ in 0..<draws {
      var words = [UInt64](repeating: 0, count: 4)
      for _ in 0..<survivors {
        let released = mechanism.release.release([], dimension: 2, using: &noise)
        let vector = try terms.vector(
          scalars: released.map { Float($0) }, loss: 0, examples: 50, members: 10)
        words = zip(words, vector).map { $0 &+ $1 }
      }
      let sum = try terms.sum(
        of: SecureAggregationResult(survivors: Array(0..<survivors), sum: words), members: 10)
      for scalar in sum.scalars {
        let value = scalar * 4
        square += value * value
        // The distribution function of a Gaussian; a step of the grid is a hundred-thousandth of it.
        let share = erfc(-value / deviation / 2.0.squareRoot()) / 2
        counts[min(cells - 1, Int(share * Double(cells)))] += 1
      }
    }
    let total = Double(2 * draws)
    let ratio = square / total / variance
    #expect(abs(ratio - 1) < 5 * (2 / total).squareRoot(), "\(survivors): \(ratio)")
    let expected = total / Double(cells)
    let statistic = counts.reduce(0) { $0 + pow(Double($1) - expected, 2) / expected }
    let freedom = Double(cells - 1)
    #expect(
      abs(statistic - freedom) < 5 * (2 * freedom).squareRoot(), "\(survivors): \(statistic)")
    // What counts for privacy: honest survivors alone carry what was promised.
    #expect(variance >= pow(privacy.clip * 1.5, 2))
  }
}
