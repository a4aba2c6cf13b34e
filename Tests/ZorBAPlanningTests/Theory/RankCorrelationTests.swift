import Testing
import ZorBATestSupport

@testable import ZorBAPlanning

/// Whether Gamma(A) orders assignments as training does, with what is known before it and during it.
@Suite("Theory: does Gamma rank assignments?")
struct RankCorrelationTests {
  static let clients = 6
  static let sizes = [4, 16, 8, 24, 6, 12]
  static let energy = [8, 1, 4, 2, 0.5, 6]
  static let noise = Array(repeating: [4.0, 1, 8, 2, 1, 6], count: clients)

  /// What decides how far an assignment gets.
  enum Regime: CaseIterable {
    /// Sites disagree, steps are short: bias.
    case bias
    /// Sites agree, steps are long: variance.
    case variance

    var learningRate: Double { self == .bias ? 0.01 : 0.03 }

    /// Curvature differs by block too, which Gamma knows nothing of.
    var federation: QuadraticFederation {
      let scale = self == .bias ? 1.0 : 0.1
      return QuadraticFederation(
        sizes: sizes, curvature: [1, 0.6, 1.5, 1, 0.8, 1.2],
        spread: [1, 4, 0.3, 2, 6, 0.8].map { $0 * scale }, noise: noise, seed: 41)
    }
  }

  struct Ranking {
    /// With sensitivities as they are before the first round.
    var gamma: [Double] = []
    /// With gradient energies as they are on average in the second half of all these trainings.
    var refreshed: [Double] = []
    var loss: [Double] = []
    /// Active pairs: the naive score.
    var pairs: [Double] = []
  }

  /// The mean loss over the last third of a training whose length is the same for all assignments.
  static func ranking(
    _ regime: Regime, seeding: ConvergenceModel.Seeding, assignments: [[[Bool]]],
    repetitions: Int, shufflesLabels: Bool
  ) -> Ranking {
    let federation = regime.federation
    let rounds = Int(3 / regime.learningRate)
    var round = ZerothOrderRound(federation: federation)
    round.directions = 4
    round.seeding = seeding
    let start = federation.point(energy: energy, seed: 42)
    var sensitivity = federation.sensitivity(at: start)
    func gamma() -> [Double] {
      let model = ConvergenceModel(
        sensitivity: sensitivity, parameters: sizes.map(Double.init),
        varianceWeight: regime.learningRate, directions: round.directions, seeding: seeding,
        excessKurtosis: round.distribution.kurtosis - 2, countsMinibatchNoise: true)
      return assignments.map { model.terms(rows: $0).value }
    }
    var random = SeededGenerator(seed: 43)
    var ranking = Ranking(gamma: gamma())
    var energies = Array(repeating: 0.0, count: sizes.count)
    var energyCount = 0.0
    for (number, rows) in assignments.enumerated() {
      let descent = Descent(round: round, learningRate: regime.learningRate, cycle: [rows])
      var total = 0.0
      var count = 0.0
      for repetition in 0..<repetitions {
        let labels = Array(0..<clients)
        descent.run(
          from: start, labels: shufflesLabels ? labels.shuffled(using: &random) : labels,
          rounds: rounds, seed: UInt64(1000 * number + repetition)
        ) { time, point in
          guard time >= rounds / 2 else { return }
          if time % 10 == 0 {
            for (block, energy) in federation.energies(at: point).enumerated() {
              energies[block] += energy
            }
            energyCount += 1
          }
          guard time >= rounds * 2 / 3 else { return }
          total += federation.excessLoss(at: point)
          count += 1
        }
      }
      ranking.loss.append(total / count)
      ranking.pairs.append(Double(rows.joined().count { $0 }))
    }
    sensitivity.gradientEnergy = energies.map { $0 / energyCount }
    ranking.refreshed = gamma()
    return ranking
  }

  struct Correlations {
    var gamma: Double
    var refreshed: Double
    /// Of having more pairs and less loss; undefined where all have the same number of pairs.
    var pairs: Double

    init(_ ranking: Ranking) {
      gamma = rankCorrelation(ranking.gamma, ranking.loss)
      refreshed = rankCorrelation(ranking.refreshed, ranking.loss)
      pairs = -rankCorrelation(ranking.pairs, ranking.loss)
    }
  }

  static func correlations(_ name: String, _ ranking: Ranking) -> Correlations {
    let result = Correlations(ranking)
    report(
      "\(name): rho of Gamma \(rounded(result.gamma)), refreshed \(rounded(result.refreshed)),"
        + " of active pairs \(rounded(result.pairs)), loss"
        + " \(rounded(ranking.loss.min() ?? 0)) to \(rounded(ranking.loss.max() ?? 0))")
    return result
  }

  @Test(
    "60 assignments of varying coverage", arguments: Regime.allCases,
    ConvergenceModel.Seeding.allCases)
  func varyingCoverage(_ regime: Regime, _ seeding: ConvergenceModel.Seeding) {
    var random = SeededGenerator(seed: 44)
    let assignments = (0..<60).map { _ in random.rows(clients: Self.clients, blocks: 6) }
    for shuffles in [true, false] {
      let ranking = Self.ranking(
        regime, seeding: seeding, assignments: assignments, repetitions: 8,
        shufflesLabels: shuffles)
      let rho = Self.correlations(
        "\(regime) \(seeding), \(shuffles ? "labels at random" : "one federation")", ranking)
      #expect(rho.refreshed > 0.85)
      #expect(rho.refreshed > rho.pairs)
      if regime == .variance && seeding == .shared {
        // A limit worth knowing: with shared directions the gradient's own energy is most of the
        // variance at first and next to nothing in the end, so estimates must be refreshed.
        #expect(rho.refreshed > rho.gamma + 0.5)
      } else {
        #expect(rho.gamma > 0.8)
        #expect(rho.gamma > rho.pairs - 0.05)
      }
    }
  }

  @Test(
    "40 assignments of the same number of pairs, which counting cannot tell apart",
    arguments: Regime.allCases, ConvergenceModel.Seeding.allCases)
  func equalPairs(_ regime: Regime, _ seeding: ConvergenceModel.Seeding) {
    var random = SeededGenerator(seed: 45)
    let assignments = (0..<40).map { _ in
      var rows: [[Bool]]
      repeat {
        let chosen = Set((0..<36).shuffled(using: &random).prefix(16))
        rows = (0..<Self.clients).map { client in
          (0..<6).map { chosen.contains(client * 6 + $0) }
        }
      } while (0..<6).contains { block in !rows.contains { $0[block] } }
      return rows
    }
    let ranking = Self.ranking(
      regime, seeding: seeding, assignments: assignments, repetitions: 16, shufflesLabels: true)
    let rho = Self.correlations("\(regime) \(seeding), 16 pairs each", ranking)
    #expect(rho.gamma > 0.65)
    #expect(rho.refreshed > 0.8)
  }

  @Test("rank correlation of known orders")
  func correlation() {
    #expect(rankCorrelation([1, 2, 3], [10, 20, 40]) == 1)
    #expect(rankCorrelation([1, 2, 3], [5, 4, -3]) == -1)
    // By hand: ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4.
    #expect(
      abs(rankCorrelation([0, 7, 7, 9], [1, 3, 2, 8]) - 4.5 / (4.5 * 5).squareRoot()) < 1e-12)
  }
}
