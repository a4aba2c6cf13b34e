import ZorBADiagnostics
import ZorBAPrivacy

/// The mechanisms of a federation's clients, and what the whole run will cost each.
struct PrivacyPlan: Sendable {
  let mechanisms: [ClientMechanism]
  private let names: [String]
  private let rounds: Int

  /// - Throws: `ZorBAError`: `refused` when the run would overspend, `invalidConfiguration` when no
  ///   noise keeps its promise.
  init?(_ run: RunConfiguration, clients: [FederationClient]) throws {
    guard let privacy = run.differentialPrivacy else { return nil }
    var table = NoiseTable()
    mechanisms = try clients.map {
      try ClientMechanism(run, privacy, examples: $0.examples.count, noise: &table)
    }
    names = clients.map(\.name)
    rounds = run.rounds
    guard privacy.noiseMultiplier != nil else { return }
    var known: [SubsampledGaussian: Double] = [:]
    for (name, mechanism) in zip(names, mechanisms) {
      let entry = mechanism.entry(run: "", uses: rounds * mechanism.usesPerRound)
      let spent =
        known[mechanism.mechanism]
        ?? PrivacySpending([entry], delta: privacy.delta).epsilon()
      known[mechanism.mechanism] = spent
      guard spent <= privacy.epsilon else {
        throw ZorBAError(
          .refused,
          "\(rounds) rounds would cost \(name) an epsilon of \(spent), above \(privacy.epsilon)",
          at: .init(field: "differential_privacy.epsilon"),
          advice: "Raise noise_multiplier or leave it out, run fewer rounds, or promise less.")
      }
    }
  }

  /// Who adds how much noise, as lines to show.
  var summary: String {
    guard let first = mechanisms.first else { return "" }
    let privacy = first.configuration
    let sigmas = mechanisms.map(\.mechanism.noiseMultiplier)
    let rates = mechanisms.map(\.mechanism.samplingRate)
    func span(_ values: [Double]) -> String {
      let (low, high) = (values.min() ?? 0, values.max() ?? 0)
      func short(_ value: Double) -> String { "\((value * 10_000).rounded() / 10_000)" }
      return low == high ? short(low) : "\(short(low)) to \(short(high))"
    }
    return
      "differential privacy: \(privacy.level.rawValue) level, epsilon \(privacy.epsilon) at delta "
      + "\(privacy.delta), clip \(privacy.clip), noise multiplier \(span(sigmas)), sampling rate "
      + "\(span(rates))\n"
  }
}

extension ClientMechanism {
  /// Uses of this mechanism, as a ledger has them.
  func entry(run: String, uses: Int) -> PrivacyLedgerState.Entry {
    .init(
      run: run, mechanism: mechanism, adjacency: adjacency, count: uses, excess: excess,
      delta: configuration.delta)
  }
}
