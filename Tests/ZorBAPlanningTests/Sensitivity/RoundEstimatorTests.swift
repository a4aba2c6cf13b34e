import Testing
import ZorBAJSON
import ZorBATestSupport

@testable import ZorBAPlanning

@Suite struct RoundEstimatorTests {
  private static let federation = LinearFederation(
    energy: [1, 0.4, 2], spread: [0.5, 1, 0.2],
    noise: [[2, 2, 2], [2, 2, 2], [4, 4, 4], [4, 4, 4]], dimensions: 24, seed: 1)
  private static let uneven = LinearFederation(
    energy: [1, 0.4, 2], spread: [0.5, 1, 0.2], noise: Array(repeating: [3, 1, 2], count: 4),
    weights: [1, 2, 3, 2], dimensions: 24, seed: 2)

  private static func prior(_ federation: LinearFederation) -> BlockSensitivity {
    SensitivityPrior().sensitivity(
      parameters: Array(repeating: 24, count: federation.blocks),
      batchSizes: Array(repeating: 32, count: federation.clients))
  }

  private func observation(_ json: JSONValue) throws -> RoundObservation {
    RoundObservation(
      participants: try #require(json.array).map { entry in
        .init(
          client: try #require(entry["client"]?.integer),
          row: try SensitivityGolden.numbers(entry["row"]).map { $0 > 0 },
          scalars: try SensitivityGolden.scalars(entry["scalars"]))
      })
  }

  @Test func agreesWithTheReference() throws {
    for golden in try SensitivityGolden.cases("rounds") {
      let prior = try #require(golden["prior"])
      var estimator = RoundEstimator(
        prior: BlockSensitivity(
          gradientEnergy: try SensitivityGolden.numbers(prior["energy"]),
          clientSpread: try SensitivityGolden.numbers(prior["spread"]),
          sampleNoise: try SensitivityGolden.rows(prior["noise"])),
        weights: try SensitivityGolden.numbers(golden["weights"]),
        memory: try #require(golden["memory"]?.double))
      for round in try #require(golden["rounds"]?.array) { estimator.add(try observation(round)) }
      let found = try #require(estimator.estimate())
      let expected = try #require(golden["expected"])
      let raw = try SensitivityGolden.numbers(expected["energy"])
      let blocks = estimator.blockCount
      for block in 0..<blocks {
        let energy = try #require(found.gradientEnergy[block]).value
        let spread = try #require(found.clientSpread[block]).value
        #expect(agree(energy, raw[block], within: 1e-5))
        #expect(agree(spread, raw[blocks + block], within: 1e-5))
      }
      for (found, expected) in zip(
        found.sampleNoise, try SensitivityGolden.numbers(expected["noise"]))
      {
        #expect(agree(try #require(found).value, expected, within: 1e-5))
      }
      let positive = try SensitivityGolden.numbers(expected["nonnegative_energy"])
      #expect(positive.contains(0), "the case should need the constraint")
      for (found, expected) in zip(
        found.sensitivity.gradientEnergy + found.sensitivity.clientSpread, positive)
      {
        #expect(agree(found, expected, within: 1e-5))
      }
    }
  }

  /// Over 300 runs of 69 rounds: means within four standard errors, 95 % of intervals over the truth
  /// (within three binomial standard deviations, 0.038, and 0.02 for the skewness that a t interval
  /// does not know).
  @Test(arguments: [federation, uneven])
  func isUnbiasedAndCovers(_ federation: LinearFederation) throws {
    var random = SeededGenerator(seed: 3)
    var samples = Array(repeating: Sample(), count: 4 * 3)
    var covered = Array(repeating: 0, count: 4 * 3)
    let truth =
      federation.overLabels.energy + federation.overLabels.spread + federation.meanNoise
      + ownEnergy(federation)
    let trials = 300
    for _ in 0..<trials {
      var estimator = RoundEstimator(
        prior: Self.prior(federation), weights: federation.weights, memory: .infinity)
      for _ in 0..<69 { estimator.add(federation.round(directions: 2, using: &random)) }
      let found = try #require(estimator.estimate())
      let values =
        found.gradientEnergy + found.clientSpread + found.sampleNoise + found.clientEnergy
      #expect(found.undeterminedBlocks.isEmpty)
      for (index, value) in values.enumerated() {
        let value = try #require(value)
        samples[index].append(value.value)
        if value.interval.contains(truth[index]) { covered[index] += 1 }
      }
    }
    for index in truth.indices {
      let sample = samples[index]
      #expect(
        abs(sample.mean - truth[index]) < 4 * sample.standardError,
        "\(index): \(sample.mean) ± \(sample.standardError), \(truth[index])")
      let share = Double(covered[index]) / Double(trials)
      #expect(abs(share - 0.95) < 0.058, "\(index): \(share)")
    }
  }

  /// mean_k |g_kb|^2.
  private func ownEnergy(_ federation: LinearFederation) -> [Double] {
    (0..<federation.blocks).map { block in
      federation.gradients.reduce(0) { sum, client in
        sum + client[block].reduce(0) { $0 + $1 * $1 }
      } / Double(federation.clients)
    }
  }

  /// A fixed assignment with fewer rows than blocks: sums, not parts. Each measured sum is kept, and
  /// divided as in the prior.
  @Test func aFixedAssignmentDoesNotDetermineAllBlocks() throws {
    let federation = LinearFederation(
      energy: [4, 1, 2, 0.5], spread: [0, 0, 0, 0],
      noise: Array(repeating: [1, 1, 1, 1], count: 4),
      dimensions: 24, seed: 4)
    let rows = [
      [true, true, false, false], [true, true, false, false], [false, false, true, true],
      [false, false, true, true],
    ]
    var prior = Self.prior(federation)
    prior.gradientEnergy = [3, 1, 1, 1]
    var estimator = RoundEstimator(prior: prior, memory: .infinity)
    var random = SeededGenerator(seed: 5)
    for _ in 0..<4000 {
      estimator.add(federation.round(rows: rows, directions: 2, using: &random))
    }
    let found = try #require(estimator.estimate())
    #expect(found.undeterminedBlocks == [0, 1, 2, 3])
    #expect(
      found.gradientEnergy.allSatisfy { $0 == nil } && found.sampleNoise.allSatisfy { $0 == nil })
    let energy = found.sensitivity.gradientEnergy
    // 8000 directions, relative variance 2 to 3 each: 2 % a sum; five of them.
    #expect(abs((energy[0] + energy[1]) / 5 - 1) < 0.1, "\(energy)")
    #expect(abs((energy[2] + energy[3]) / 2.5 - 1) < 0.1, "\(energy)")
    #expect(abs(energy[0] / energy[1] / 3 - 1) < 0.01, "\(energy)")
    // Tempered, blocks that are not determined keep the prior, in the unit of the data.
    let tempered = found.tempered()
    #expect(tempered.gradientEnergy == found.prior.gradientEnergy)
    #expect(abs(tempered.gradientEnergy[0] / tempered.gradientEnergy[2] - 3) < 1e-9)
  }

  /// Directions of their own: products of two clients mean nothing, own squares the sum of energy and
  /// spread.
  @Test func directionsPerClientDetermineTheSumOfEnergyAndSpread() throws {
    let federation = Self.federation
    let truth = ownEnergy(federation)
    var random = SeededGenerator(seed: 6)
    var covered = 0
    for _ in 0..<100 {
      var estimator = RoundEstimator(
        prior: Self.prior(federation), seeding: .perClient, memory: .infinity)
      for _ in 0..<69 {
        estimator.add(federation.round(directions: 2, shared: false, using: &random))
      }
      let found = try #require(estimator.estimate())
      #expect(found.gradientEnergy.allSatisfy { $0 == nil })
      #expect(found.clientSpread.allSatisfy { $0 == nil })
      #expect(found.sampleNoise.allSatisfy { $0 != nil })
      for block in truth.indices {
        if try #require(found.clientEnergy[block]).interval.contains(truth[block]) { covered += 1 }
        // The prior has them equal.
        let sensitivity = found.sensitivity
        #expect(
          abs(sensitivity.gradientEnergy[block] - sensitivity.clientSpread[block])
            < 1e-6 * (1 + sensitivity.gradientEnergy[block]))
      }
    }
    // Blocks of one trial correlate; three standard deviations of 100 independent trials.
    #expect(abs(Double(covered) / 300 - 0.95) < 0.066, "\(covered)")
  }

  @Test func scalarsWithoutHalvesDetermineProductsOnly() throws {
    var random = SeededGenerator(seed: 7)
    var estimator = RoundEstimator(prior: Self.prior(Self.federation), memory: .infinity)
    for _ in 0..<100 {
      var round = Self.federation.round(using: &random)
      for index in round.participants.indices { round.participants[index].hasHalves = false }
      estimator.add(round)
    }
    let found = try #require(estimator.estimate())
    #expect(found.undeterminedBlocks == [0, 1, 2])
    #expect(found.sensitivity.gradientEnergy.allSatisfy { $0 >= 0 && $0.isFinite })
    #expect(found.sensitivity.sampleNoise.joined().allSatisfy { $0 > 0 && $0.isFinite })
  }

  @Test func theSameRoundsGiveTheSameState() throws {
    var random = SeededGenerator(seed: 8)
    let rounds = (0..<800).map { _ in Self.federation.round(using: &random) }
    // Short memory, so that weights are brought back to 1 on the way.
    func estimator(memory: Double) -> RoundEstimator {
      var estimator = RoundEstimator(prior: Self.prior(Self.federation), memory: memory)
      for round in rounds { estimator.add(round) }
      return estimator
    }
    #expect(estimator(memory: 20).estimate() == estimator(memory: 20).estimate())
    #expect(estimator(memory: 20).estimate() != estimator(memory: 21).estimate())
  }

  /// The unit of the prior does not matter, nor that of the scalars beyond scaling the result.
  @Test func unitsDoNotMatter() throws {
    var random = SeededGenerator(seed: 9)
    let rounds = (0..<60).map { _ in Self.federation.round(using: &random) }
    func estimate(prior unit: Double, scalars scale: Double) throws -> BlockSensitivity {
      var prior = Self.prior(Self.federation)
      prior.gradientEnergy = prior.gradientEnergy.map { unit * $0 }
      prior.clientSpread = prior.clientSpread.map { unit * $0 }
      prior.sampleNoise = prior.sampleNoise.map { $0.map { unit * $0 } }
      var estimator = RoundEstimator(prior: prior, memory: 100)
      for round in rounds {
        var round = round
        for index in round.participants.indices {
          round.participants[index].scalars = round.participants[index].scalars.map {
            HalvedScalar(first: scale * $0.first, second: scale * $0.second)
          }
        }
        estimator.add(round)
      }
      return try #require(estimator.estimate()).tempered()
    }
    let one = try estimate(prior: 1, scalars: 1)
    let other = try estimate(prior: 1e6, scalars: 1e-3)
    for (one, other) in zip(
      one.gradientEnergy + one.clientSpread + Array(one.sampleNoise.joined()),
      other.gradientEnergy + other.clientSpread + Array(other.sampleNoise.joined()))
    {
      #expect(abs(one * 1e-6 - other) < 1e-12 + 1e-7 * one * 1e-6)
    }
  }

  /// A gradient that turned up 300 rounds ago is known; one that left is forgotten.
  @Test func oldRoundsAreForgotten() throws {
    let before = LinearFederation(
      energy: [9, 0, 1], spread: [0, 0, 0], noise: Array(repeating: [1, 1, 1], count: 4), seed: 10)
    let after = LinearFederation(
      energy: [0, 9, 1], spread: [0, 0, 0], noise: Array(repeating: [1, 1, 1], count: 4), seed: 11)
    var random = SeededGenerator(seed: 12)
    var estimator = RoundEstimator(prior: Self.prior(before), memory: 60)
    for _ in 0..<300 { estimator.add(before.round(directions: 4, using: &random)) }
    let first = try #require(estimator.estimate()).sensitivity.gradientEnergy
    for _ in 0..<300 { estimator.add(after.round(directions: 4, using: &random)) }
    let second = try #require(estimator.estimate()).sensitivity.gradientEnergy
    #expect(first[0] > 6 && first[1] < 2, "\(first)")
    #expect(second[1] > 6 && second[0] < 2, "\(second)")
  }

  @Test func clientsKeepTheirOwnNoise() throws {
    let federation = Self.federation
    var random = SeededGenerator(seed: 13)
    var estimator = RoundEstimator(prior: Self.prior(federation), memory: .infinity)
    for _ in 0..<600 { estimator.add(federation.round(directions: 2, using: &random)) }
    let noise = try #require(estimator.estimate()).sensitivity.sampleNoise
    for (found, truth) in zip(noise.joined(), federation.noise.joined()) {
      // 1200 scalars of a factor: 4 %; of a block's noise among three: some 8 %.
      #expect(abs(found / truth - 1) < 0.3, "\(noise)")
    }
  }

  @Test func unusableAnswersArePassedOver() throws {
    var random = SeededGenerator(seed: 14)
    var clean = RoundEstimator(prior: Self.prior(Self.federation))
    var dirty = clean
    for number in 0..<60 {
      var round = Self.federation.round(directions: 2, using: &random)
      let answer = round.participants.removeLast()
      clean.add(round)
      var bad = answer
      switch number % 3 {
      case 0: bad.scalars[1] = HalvedScalar(first: .nan, second: 1)
      case 1: bad.scalars[1] = HalvedScalar(first: .infinity, second: 1)
      default: bad.row = bad.row.map { _ in false }
      }
      round.participants.append(bad)
      dirty.add(round)
    }
    #expect(clean.estimate() == dirty.estimate())
    #expect(RoundEstimator(prior: Self.prior(Self.federation)).estimate() == nil)
    dirty.add(RoundObservation(participants: []))
    #expect(dirty.roundCount == 61)
  }

  @Test func aSingleClientHasNoSpread() throws {
    let federation = LinearFederation(
      energy: [1, 2, 3], spread: [0, 0, 0], noise: [[1, 1, 1]], seed: 15)
    var random = SeededGenerator(seed: 16)
    var estimator = RoundEstimator(prior: Self.prior(federation), memory: .infinity)
    for _ in 0..<2000 { estimator.add(federation.round(directions: 2, using: &random)) }
    let found = try #require(estimator.estimate())
    #expect(found.undeterminedBlocks.isEmpty)
    #expect(found.sensitivity.clientSpread == [0, 0, 0])
    for block in 0..<3 {
      let energy = try #require(found.gradientEnergy[block])
      // Four standard errors.
      #expect(abs(energy.value - federation.gradientEnergy[block]) < 2 * energy.interval.halfWidth)
    }
  }

  /// Early estimates stay near the prior, late ones near the truth.
  @Test func temperingWeighsByCertainty() throws {
    let federation = LinearFederation(
      energy: [4, 1, 1, 1, 1, 1], spread: [1, 1, 1, 1, 1, 1],
      noise: Array(repeating: Array(repeating: 4, count: 6), count: 4), seed: 17)
    func errors(rounds: Int) throws -> (tempered: Double, fitted: Double) {
      var random = SeededGenerator(seed: 18)
      var sums = (tempered: 0.0, fitted: 0.0)
      for _ in 0..<20 {
        var estimator = RoundEstimator(prior: Self.prior(federation), memory: .infinity)
        for _ in 0..<rounds { estimator.add(federation.round(using: &random)) }
        let found = try #require(estimator.estimate())
        for (block, truth) in federation.gradientEnergy.enumerated() {
          let tempered = found.tempered().gradientEnergy[block] - truth
          let fitted = found.sensitivity.gradientEnergy[block] - truth
          sums.tempered += tempered * tempered
          sums.fitted += fitted * fitted
        }
      }
      return sums
    }
    let early = try errors(rounds: 30)
    #expect(early.tempered < early.fitted / 2, "\(early)")
    let late = try errors(rounds: 3000)
    #expect(late.tempered < early.tempered / 4, "\(late)")
  }
}
