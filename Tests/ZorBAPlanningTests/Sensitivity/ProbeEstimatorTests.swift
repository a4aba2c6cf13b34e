import Testing
import ZorBAJSON
import ZorBATestSupport

@testable import ZorBAPlanning

@Suite struct ProbeEstimatorTests {
  private let federation = LinearFederation(
    energy: [1], spread: [0.7], noise: [[2], [5], [3], [6], [4], [4]], seed: 1)
  private let uneven = LinearFederation(
    energy: [1], spread: [0.7], noise: [[2], [5], [3]], weights: [5, 1, 2], seed: 2)

  private func estimate(
    _ federation: LinearFederation, directions: Int, using random: inout SeededGenerator
  ) -> ProbeEstimator.BlockEstimate {
    let rows = Array(repeating: [true], count: federation.clients)
    return ProbeEstimator(weights: federation.weights).estimate(
      (0..<directions).map { _ in federation.scalars(rows: rows, using: &random) })
  }

  @Test func agreesWithTheReference() throws {
    for golden in try SensitivityGolden.cases("probe") {
      let rows = try #require(golden["scalars"]?.array).map { try SensitivityGolden.scalars($0) }
      let found = ProbeEstimator(
        weights: try SensitivityGolden.numbers(golden["weights"]),
        sampledShares: try SensitivityGolden.numbers(golden["shares"])
      ).estimate(rows)
      let expected = try #require(golden["expected"])
      #expect(agree(found.gradientEnergy.value, try #require(expected["energy"]?.double)))
      #expect(agree(found.clientSpread.value, try #require(expected["spread"]?.double)))
      let noise = try SensitivityGolden.numbers(expected["noise"])
      for (found, expected) in zip(found.sampleNoise, noise) {
        #expect(agree(found.value, expected))
      }
      #expect(agree(found.meanSampleNoise.value, noise.reduce(0, +) / Double(noise.count)))
    }
  }

  /// Means of 3000 probes lie within four of their standard errors of the truth; a correct
  /// estimator fails one such check in 16 000.
  @Test(arguments: [false, true])
  func isUnbiased(uneven isUneven: Bool) {
    let federation = isUneven ? uneven : federation
    var random = SeededGenerator(seed: 3)
    var samples = Array(repeating: Sample(), count: 4)
    for _ in 0..<3000 {
      let found = estimate(federation, directions: 4, using: &random)
      samples[0].append(found.gradientEnergy.value)
      samples[1].append(found.clientSpread.value)
      samples[2].append(found.meanSampleNoise.value)
      samples[3].append(found.sampleNoise[0].value)
    }
    let truth = [
      federation.gradientEnergy[0], federation.clientSpread[0], federation.meanNoise[0],
      federation.noise[0][0],
    ]
    for (sample, truth) in zip(samples, truth) {
      #expect(abs(sample.mean - truth) < 4 * sample.standardError, "\(sample.mean) \(truth)")
    }
    // Nothing was clipped on the way.
    #expect(samples[0].values.contains { $0 < 0 } && samples[1].values.contains { $0 < 0 })
  }

  /// 95 % of 600 intervals cover the truth, within three binomial standard deviations (0.027) and
  /// 0.01 for what the intervals approximate.
  @Test(arguments: [12, 50])
  func intervalsCover(directions: Int) {
    for federation in [federation, uneven] {
      var random = SeededGenerator(seed: UInt64(directions))
      var covered = [0, 0, 0, 0]
      let trials = 600
      for _ in 0..<trials {
        let found = estimate(federation, directions: directions, using: &random)
        if found.gradientEnergy.interval.contains(federation.gradientEnergy[0]) { covered[0] += 1 }
        if found.clientSpread.interval.contains(federation.clientSpread[0]) { covered[1] += 1 }
        if found.meanSampleNoise.interval.contains(federation.meanNoise[0]) { covered[2] += 1 }
        if found.sampleNoise[1].interval.contains(federation.noise[1][0]) { covered[3] += 1 }
      }
      let shares = covered.map { Double($0) / Double(trials) }
      #expect(shares.allSatisfy { abs($0 - 0.95) < 0.037 }, "\(shares)")
    }
  }

  /// Relative variance a direction: 1 + (1 + rho)^2 for the product of halves as the algorithm has
  /// it; 2 (1 + rho/2)^2 + rho^2 / (2K) averaged over labellings. The standard deviation of a
  /// variance of n products of normal numbers is about sqrt(20 / n) of it, 2.3 % here; dimensions
  /// add 1/64.
  @Test(arguments: [0.2, 4, 24])
  func varianceIsAsPredicted(noise: Double) {
    let clients = 6.0
    let federation = LinearFederation(
      energy: [1], spread: [0], noise: Array(repeating: [noise], count: 6), dimensions: 64, seed: 5)
    var random = SeededGenerator(seed: 6)
    var plain = Sample()
    var averaged = Sample()
    let rows = Array(repeating: [true], count: 6)
    for _ in 0..<40_000 {
      let scalars = federation.scalars(rows: rows, using: &random)
      plain.append(
        scalars.reduce(0) { $0 + $1.first / clients }
          * scalars.reduce(0) { $0 + $1.second / clients })
      let mean = scalars.reduce(0) { $0 + $1.whole / clients }
      averaged.append(
        mean * mean
          - scalars.reduce(0) { $0 + $1.noise(sampledShare: 0) / (clients * clients) })
    }
    let rho = 2 * noise / clients
    let predicted = 1 + (1 + rho) * (1 + rho)
    #expect(abs(plain.variance / predicted - 1) < 0.12, "\(plain.variance) \(predicted)")
    let better = 2 * (1 + rho / 2) * (1 + rho / 2) + rho * rho / (2 * clients)
    #expect(abs(averaged.variance / better - 1) < 0.12, "\(averaged.variance) \(better)")
    #expect(averaged.variance < plain.variance)
  }

  /// Halves drawn without replacement from a few rows: unbiased for the gradient of these rows with
  /// their share given, and for sigma^2 of such minibatches.
  @Test func finiteDataAreAllowedFor() {
    var random = SeededGenerator(seed: 7)
    let rows = (0..<12).map { _ in random.normals(8) }
    let mean = (0..<8).map { index in rows.reduce(0) { $0 + $1[index] } / 12 }
    let truth = mean.reduce(0) { $0 + $1 * $1 }
    // Variance of the mean of 6 of 12 rows: S^2 / 6 (1 - 6/12).
    let squares = rows.reduce(0) { sum, row in
      sum + zip(row, mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    let noise = squares / 11 / 6 / 2
    var energy = Sample()
    var ignoring = Sample()
    var variance = Sample()
    for _ in 0..<8000 {
      let z = random.normals(8)
      let slopes = rows.shuffled(using: &random).prefix(6).map { row in
        zip(row, z).reduce(0) { $0 + $1.0 * $1.1 }
      }
      // Unequal halves, 4 and 2.
      let first = slopes[..<4].reduce(0, +) / 4
      let second = slopes[4...].reduce(0, +) / 2
      let scalar = HalvedScalar(
        whole: slopes.reduce(0, +) / 6, first: first, second: second)
      let found = ProbeEstimator(weights: [1], sampledShares: [0.5]).estimate([[scalar], [scalar]])
      energy.append(found.gradientEnergy.value)
      variance.append(found.sampleNoise[0].value)
      ignoring.append(
        ProbeEstimator(weights: [1]).estimate([[scalar], [scalar]]).gradientEnergy.value)
    }
    #expect(abs(energy.mean - truth) < 4 * energy.standardError)
    #expect(abs(variance.mean - noise) < 4 * variance.standardError)
    // Without it the estimate is of the distribution's gradient, smaller by S^2 / 12.
    #expect(abs(ignoring.mean - (truth - squares / 11 / 12)) < 4 * ignoring.standardError)
    #expect(ignoring.mean < truth - 4 * ignoring.standardError)
  }

  @Test func negativeEstimatesAreClippedOnlyForThePlanner() {
    let scalars = [
      [HalvedScalar(first: 1, second: -1)], [HalvedScalar(first: -2, second: 1)],
    ]
    let found = ProbeEstimator(weights: [3]).estimate(scalars)
    #expect(found.gradientEnergy.value == -1.5)
    #expect(found.clientSpread.value == 0)
    let sensitivity = BlockSensitivity([found])
    #expect(sensitivity.gradientEnergy == [0])
    #expect(sensitivity.sampleNoise == [[1.625]])
    #expect(SensitivityIntervals([found]).gradientEnergy[0]?.contains(-1.5) == true)
  }
}
