import Testing
import ZorBATestSupport

@testable import ZorBAPlanning

/// Where the gradient's energy levels off under fixed and rotating assignments, against Gamma_rot.
///
/// Gamma_rot bounds the plateau when it is taken at the plateau: with G_b as measured there. On
/// quadratics of curvature L the plateau itself is known as well (`OrbitPrediction`): bias counts in
/// full, variance by half. Drift is less than Gamma_rot says when windows come in a fixed order, which
/// undo each other's moves, and when they are longer than 1 / (L eta), after which it saturates.
@Suite("Theory: rotating assignments")
struct RotationTheoryTests {
  static let clients = 8
  static let learningRate = 0.004
  static let sizes = [12, 8, 6, 10, 12, 8, 6, 10]
  static let federation = QuadraticFederation(
    sizes: sizes, spread: [7, 5, 9, 6, 8, 7, 4, 10],
    noise: Array(repeating: [4, 2, 3, 4, 2, 3, 4, 2], count: clients), seed: 21)

  /// Client k trains blocks k + r and k + r + 1 in the r-th matrix: over a cycle of 8 everybody trains
  /// everything equally often.
  static let sliding = (0..<8).map { shift in
    (0..<clients).map { client in
      (0..<8).map { block in [0, 1].contains((block - client - shift + 16) % 8) }
    }
  }
  static let full = [Array(repeating: Array(repeating: true, count: 8), count: clients)]

  struct Outcome {
    /// Mean of |grad F|^2 over federations, labels and late rounds.
    var plateau: Double
    /// Gamma_rot at the measured energies.
    var predicted: ConvergenceTerms

    /// What quadratics make of the same cycle in a fixed order.
    var orbit: Double

    var ratio: Double { plateau / predicted.value }
  }

  static func outcome(
    _ cycle: [[[Bool]]], window: Int = 1, order: Descent.Order = .cyclic,
    seeding: ConvergenceModel.Seeding = .shared
  ) -> Outcome {
    var round = ZerothOrderRound(federation: federation)
    round.directions = 8
    round.seeding = seeding
    let descent = Descent(
      round: round, learningRate: learningRate, cycle: cycle, window: window, order: order)
    var random = SeededGenerator(seed: 31)
    let start = Array(repeating: 0.0, count: federation.parameters)
    // A fixed assignment's plateau depends on the labels, a rotating one's hardly.
    let repetitions = 8
    var energy = sizes.map { _ in 0.0 }
    for repetition in 0..<repetitions {
      let labels = Array(0..<clients).shuffled(using: &random)
      let measured = descent.energy(
        from: start, labels: labels, rounds: 4000, skipping: 1500, seed: UInt64(repetition))
      for block in energy.indices { energy[block] += measured[block] / Double(repetitions) }
    }
    var sensitivity = federation.sensitivity(at: start)
    sensitivity.gradientEnergy = energy
    let model = ConvergenceModel(
      sensitivity: sensitivity, parameters: sizes.map(Double.init), varianceWeight: learningRate,
      directions: round.directions, seeding: seeding,
      excessKurtosis: round.distribution.kurtosis - 2, countsMinibatchNoise: true)
    return Outcome(
      plateau: energy.reduce(0, +), predicted: model.terms(cycle: cycle, window: window),
      orbit: orbit(of: cycle, window: window, model: model))
  }

  /// The mean gradient energy of the periodic orbit under a cycle in its order, for L = 1:
  ///
  ///     sum_b [ zu_b^2 sum_k mean_t y_kb(t)^2 + lambda / (2 - lambda) mean_r var_b(A_r) ]
  ///
  /// where y is q - p as a low-pass filter of rate lambda = L eta passes it on.
  static func orbit(of cycle: [[[Bool]]], window: Int, model: ConvergenceModel) -> Double {
    var total = 0.0
    for rows in cycle {
      total +=
        model.terms(rows: rows).totalVariance / (2 - learningRate) / Double(cycle.count)
    }
    let period = cycle.count * window
    for (block, spread) in model.unbiasedSpread.enumerated() {
      for client in 0..<clients {
        let forces = cycle.map { rows in
          let share = rows[client][block] ? 1 / Double(rows.count { $0[block] }) : 0
          return share - 1 / Double(clients)
        }
        var y = 0.0
        var squares = 0.0
        let warmup = (4000 / period + 1) * period
        for time in 0..<warmup + period {
          if time >= warmup { squares += y * y }
          y += learningRate * (forces[time / window % cycle.count] - y)
        }
        total += spread * squares / Double(period)
      }
    }
    return total
  }

  static func show(_ name: String, _ outcome: Outcome) {
    report(
      "\(name): plateau \(rounded(outcome.plateau)), Gamma_rot \(rounded(outcome.predicted.value))"
        + " (bias \(rounded(outcome.predicted.totalBias))), ratio \(rounded(outcome.ratio)),"
        + " orbit \(rounded(outcome.orbit))")
  }

  @Test(
    "a fixed assignment levels off at its bias, rotation far below",
    arguments: ConvergenceModel.Seeding.allCases)
  func plateaus(_ seeding: ConvergenceModel.Seeding) {
    let fixed = Self.outcome([Self.sliding[0]], seeding: seeding)
    let everything = Self.outcome(Self.full, seeding: seeding)
    let every = Self.outcome(Self.sliding, window: 1, seeding: seeding)
    let ten = Self.outcome(Self.sliding, window: 10, seeding: seeding)
    let fifty = Self.outcome(Self.sliding, window: 50, seeding: seeding)
    Self.show("\(seeding) fixed", fixed)
    Self.show("\(seeding) full", everything)
    Self.show("\(seeding) every round", every)
    Self.show("\(seeding) windows of 10", ten)
    Self.show("\(seeding) windows of 50", fifty)

    for outcome in [fixed, everything, every, ten, fifty] {
      #expect(outcome.ratio < 1.05, "Gamma_rot bounds the plateau")
    }
    // Labels are dealt eight times only: the fixed assignment's bias varies with them.
    #expect(abs(fixed.plateau / fixed.orbit - 1) < 0.2)
    for outcome in [everything, every, ten, fifty] {
      #expect(abs(outcome.plateau / outcome.orbit - 1) < 0.1)
    }
    // In the predicted order, where predictions differ by more than the factor they leave open.
    #expect(fixed.plateau > 10 * fifty.plateau)
    #expect(fifty.plateau > 1.5 * ten.plateau)
    #expect(fifty.plateau > 1.5 * every.plateau)
    #expect(abs(ten.plateau / every.plateau - 1) < 0.35)
  }

  @Test("windows in random order drift as predicted: in proportion to their length")
  func drift() {
    let windows = [1, 10, 50, 200]
    let outcomes = windows.map { Self.outcome(Self.sliding, window: $0, order: .random) }
    for (window, outcome) in zip(windows, outcomes) {
      Self.show("random order, windows of \(window)", outcome)
      #expect(outcome.ratio < 1.05, "Gamma_rot bounds the plateau")
    }
    for (outcome, next) in zip(outcomes, outcomes.dropFirst()) {
      #expect(next.plateau > outcome.plateau)
    }
    // Nothing is undone by order: half the prediction as long as windows are short.
    for outcome in outcomes.prefix(2) { #expect(abs(outcome.ratio - 0.5) < 0.1) }
  }
}
