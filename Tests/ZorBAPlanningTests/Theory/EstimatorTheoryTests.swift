import Testing
import ZorBATestSupport

@testable import ZorBAPlanning

/// bias_b, var_b and Gamma of the algorithm's section 3 against Monte Carlo on quadratic federations.
///
/// Tolerances are in standard errors of the measurement itself: 5 for one number (several hundred are
/// compared), 4 for the sum over all assignments, and the mean square of the scores must be that of
/// standard normal ones: 1, give or take 4 sqrt(2 / n).
@Suite("Theory: the estimator's bias and variance")
struct EstimatorTheoryTests {
  static let assignments = 48
  static let draws = 800
  static let sizes = [3, 6, 10, 5]
  static let energy = [2, 1, 0.5, 1.5]
  static let spread = [3, 2, 4, 0.5]
  static let lambda = 0.05
  static let directions = 3

  /// Five clients whose minibatches differ in noise by a factor of up to five.
  static func federation(weights: [Double]? = nil) -> QuadraticFederation {
    var random = SeededGenerator(seed: 5)
    let noise = (0..<5).map { _ in
      sizes.map { _ in Double.random(in: 1...5, using: &random) }
    }
    return QuadraticFederation(
      sizes: sizes, curvature: [1, 2, 0.5, 1], spread: spread, noise: noise, weights: weights,
      seed: 11)
  }

  static func model(
    _ federation: QuadraticFederation, at point: [Double], _ round: ZerothOrderRound,
    kurtosis: Bool = true, minibatch: Bool = true
  ) -> ConvergenceModel {
    ConvergenceModel(
      sensitivity: federation.sensitivity(at: point), parameters: sizes.map(Double.init),
      weights: federation.weights, varianceWeight: lambda, directions: round.directions,
      seeding: round.seeding,
      excessKurtosis: kurtosis ? round.distribution.kurtosis - 2 : 0,
      countsMinibatchNoise: minibatch)
  }

  /// Measures random assignments and hands each to the caller with its seed's number.
  static func measure(
    _ round: ZerothOrderRound, at point: [Double], _ body: ([[Bool]], EstimatorMoments) -> Void
  ) {
    var random = SeededGenerator(seed: 77)
    for index in 0..<assignments {
      let rows = random.rows(clients: round.federation.clients, blocks: round.federation.blocks)
      let moments = EstimatorMoments(
        round: round, at: point, rows: rows, draws: draws, seed: 1000 + UInt64(index))
      body(rows, moments)
    }
  }

  static func expectNormal(_ scores: Scores, _ name: String) {
    let slack = 4 * (2 / Double(scores.values.count)).squareRoot()
    report(
      "\(name): \(scores.values.count) scores, largest \(rounded(scores.largest)), mean square"
        + " \(rounded(scores.meanSquare)), pooled \(rounded(scores.pooled)), sum off by"
        + " \(rounded(100 * scores.relative)) ± \(rounded(100 * scores.relativeError)) %")
    #expect(scores.largest < 5, "\(name): a score of \(scores.largest)")
    #expect(abs(scores.pooled) < 4, "\(name): \(scores.pooled) standard errors in total")
    #expect(abs(scores.meanSquare - 1) < slack, "\(name): mean square \(scores.meanSquare)")
  }

  @Test(
    "equal weights: every term, both seedings, all distributions",
    arguments: ConvergenceModel.Seeding.allCases, ZerothOrderRound.Distribution.allCases)
  func equalWeights(
    _ seeding: ConvergenceModel.Seeding, _ distribution: ZerothOrderRound.Distribution
  ) {
    let federation = Self.federation()
    let point = federation.point(energy: Self.energy, seed: 3)
    let round = ZerothOrderRound(
      federation: federation, directions: Self.directions, seeding: seeding,
      distribution: distribution, perturbation: 0.25)
    let full = Self.model(federation, at: point, round)
    let noKurtosis = Self.model(federation, at: point, round, kurtosis: false)
    let noMinibatch = Self.model(federation, at: point, round, minibatch: false)
    var blockwise = (bias: Scores(), variance: Scores())
    var total = (bias: Scores(), variance: Scores())
    var without = (kurtosis: Scores(), minibatch: Scores())
    Self.measure(round, at: point) { rows, moments in
      let terms = full.terms(rows: rows)
      for block in Self.sizes.indices {
        blockwise.bias.append(moments.bias[block], predicted: terms.bias[block])
        blockwise.variance.append(
          moments.variance[block], predicted: terms.variance[block] / Self.lambda)
      }
      total.bias.append(moments.totalBias, predicted: terms.totalBias)
      total.variance.append(moments.totalVariance, predicted: terms.totalVariance / Self.lambda)
      without.kurtosis.append(
        moments.totalVariance, predicted: noKurtosis.terms(rows: rows).totalVariance / Self.lambda)
      without.minibatch.append(
        moments.totalVariance, predicted: noMinibatch.terms(rows: rows).totalVariance / Self.lambda)
    }
    let name = "\(seeding) \(distribution)"
    // Blocks share their draws: the largest score counts, the sums do not.
    #expect(blockwise.bias.largest < 5 && blockwise.variance.largest < 5)
    Self.expectNormal(total.bias, "\(name) bias")
    Self.expectNormal(total.variance, "\(name) variance")
    // Leaving a term out is detected: the measurement could have refuted the formula.
    report(
      "\(name): without the minibatch term off by \(rounded(100 * without.minibatch.relative)) %,"
        + " \(rounded(without.minibatch.pooled)) standard errors; without the kurtosis term"
        + " \(rounded(100 * without.kurtosis.relative)) %, \(rounded(without.kurtosis.pooled))")
    #expect(without.minibatch.pooled > 8, "the minibatch term is part of the variance")
    let sign = distribution == .rademacher ? -1.0 : 1.0
    #expect(sign * without.kurtosis.pooled > 4, "the kurtosis term is part of the variance")
  }

  @Test("Gamma itself, draw by draw", arguments: ConvergenceModel.Seeding.allCases)
  func gamma(_ seeding: ConvergenceModel.Seeding) {
    let federation = Self.federation()
    let point = federation.point(energy: Self.energy, seed: 4)
    let round = ZerothOrderRound(
      federation: federation, directions: Self.directions, seeding: seeding,
      distribution: .popcount, perturbation: 0.1)
    let model = Self.model(federation, at: point, round)
    var scores = Scores()
    Self.measure(round, at: point) { rows, moments in
      var gamma = Sample()
      for (bias, variance) in zip(moments.totalBias.values, moments.totalVariance.values) {
        gamma.append(bias + Self.lambda * variance)
      }
      scores.append(gamma, predicted: model.terms(rows: rows).value)
    }
    Self.expectNormal(scores, "\(seeding) Gamma")
  }

  /// With unequal weights and zu^2 the variance of the clients' gradients about their plain mean:
  /// bias_b is exact, while E_bb' leaves a cross term out, 2 s zu^2 sum_k p_k (q_kb a_kb' - s p_k), and
  /// perClient takes 1/K for sum p_k^2. Both are measured here to be the whole error.
  @Test(
    "unequal weights: bias exact, variance up to a known term",
    arguments: ConvergenceModel.Seeding.allCases)
  func unequalWeights(_ seeding: ConvergenceModel.Seeding) {
    let federation = Self.federation(weights: [0.5, 0.8, 1, 1.5, 2])
    let point = federation.point(energy: Self.energy, seed: 3)
    let round = ZerothOrderRound(
      federation: federation, directions: Self.directions, seeding: seeding,
      distribution: .rademacher, perturbation: 0.25)
    let moments = federation.labelMoments(at: point)
    let p = federation.weights
    let squares = p.reduce(0) { $0 + $1 * $1 }
    let count = Double(p.count)
    // E G_b over labels, and zeta^2 such that zu^2 = zeta^2 K / (K - 1) is the clients' variance.
    let sensitivity = BlockSensitivity(
      gradientEnergy: Self.sizes.indices.map { moments.pair[$0] + squares * moments.spread[$0] },
      clientSpread: moments.spread.map { $0 * (count - 1) / count }, sampleNoise: federation.noise)
    let model = ConvergenceModel(
      sensitivity: sensitivity, parameters: Self.sizes.map(Double.init), weights: p,
      varianceWeight: Self.lambda, directions: round.directions, seeding: seeding,
      excessKurtosis: round.distribution.kurtosis - 2, countsMinibatchNoise: true)
    var bias = Scores()
    var plain = Scores()
    var corrected = Scores()
    var worst = 0.0
    Self.measure(round, at: point) { rows, measured in
      let terms = model.terms(rows: rows)
      let missing = Self.missingVariance(
        rows: rows, federation: federation, spread: moments.spread, round: round)
      bias.append(measured.totalBias, predicted: terms.totalBias)
      let formula = terms.totalVariance / Self.lambda
      plain.append(measured.totalVariance, predicted: formula)
      corrected.append(measured.totalVariance, predicted: formula + missing)
      worst = max(worst, abs(missing) / (formula + missing))
    }
    Self.expectNormal(bias, "\(seeding) unequal weights, bias")
    Self.expectNormal(corrected, "\(seeding) unequal weights, variance with the missing term")
    report(
      "\(seeding) unequal weights: formula's variance off by \(rounded(100 * plain.relative)) %"
        + " in total, at most by \(rounded(100 * worst)) %")
    // Four to one is as unequal as weights are likely to be.
    #expect(abs(plain.relative) < 0.03)
    #expect(worst < 0.2)
  }

  /// What the formula's var_b lack when weights differ, summed over blocks.
  private static func missingVariance(
    rows: [[Bool]], federation: QuadraticFederation, spread: [Double], round: ZerothOrderRound
  ) -> Double {
    let p = federation.weights
    let squares = p.reduce(0) { $0 + $1 * $1 }
    var total = 0.0
    for block in sizes.indices {
      let coverage = rows.indices.reduce(0) { $0 + (rows[$1][block] ? p[$1] : 0) }
      for other in sizes.indices {
        var s = 0.0
        var product = 0.0
        var q2 = 0.0
        for client in rows.indices where rows[client][block] && rows[client][other] {
          let q = p[client] / coverage
          s += q
          product += p[client] * q
          q2 += q * q
        }
        let missing =
          round.seeding == .shared
          ? 2 * s * (product - s * squares) * spread[other]
          : q2 * (1 / Double(p.count) - squares) * spread[other]
        let kurtosis = block == other ? round.distribution.kurtosis - 2 : 0
        total += (Double(sizes[block]) + kurtosis) / Double(round.directions) * missing
      }
    }
    return total
  }

  @Test("two-sided differences of quadratics are slopes, whatever mu")
  func differences() {
    let federation = Self.federation()
    let point = federation.point(energy: Self.energy, seed: 3)
    for seeding in ConvergenceModel.Seeding.allCases {
      var round = ZerothOrderRound(
        federation: federation, directions: 2, seeding: seeding, distribution: .gaussian)
      var random = SeededGenerator(seed: 1)
      let rows = random.rows(clients: 5, blocks: 4)
      var (one, two) = (random, random)
      let slopes = round.estimate(at: point, rows: rows, labels: [4, 2, 0, 1, 3], using: &one)
      round.perturbation = 0.5
      let sides = round.estimate(at: point, rows: rows, labels: [4, 2, 0, 1, 3], using: &two)
      for (slope, side) in zip(slopes, sides) { #expect(abs(slope - side) < 1e-9) }
    }
  }
}
