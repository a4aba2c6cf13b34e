import ZorBAPrivacy

/// The privacy of a simulated federation: every client's, and their ledger in the run's folder.
struct FederationPrivacy {
  let clients: [ClientPrivacy]
  private let names: [String]

  /// - Parameters:
  ///   - folder: The run's.
  ///   - done: Rounds that are committed.
  ///   - randomness: Where a client's samples and noise come from, clients counted from 0; nil takes the
  ///     system's generator.
  /// - Throws: `ZorBAError` when the ledger cannot be used or what is left of the run would overspend.
  init(
    _ plan: PrivacyPlan, names: [String], configuration: RunConfiguration, folder: String,
    done: Int, randomness: ((Int) -> any CryptographicGenerator)? = nil
  ) throws {
    let ledger = try PrivacyLedger(folder: folder)
    self.names = names
    clients = try zip(names, plan.mechanisms).enumerated().map { place, client in
      let (name, mechanism) = client
      return ClientPrivacy(
        mechanism,
        meter: try PrivacyMeter(
          ledger: ledger, account: name, terms: mechanism.terms(run: "simulation", total: nil),
          uses: max(0, configuration.rounds - done) * mechanism.usesPerRound),
        random: randomness?(place) ?? SystemRandomNumberGenerator())
    }
  }

  /// What was spent, client by client.
  var report: PrivacyReport {
    var known: [[PrivacyEvent]: PrivacyBounds] = [:]
    return PrivacyReport(
      sites: zip(names, clients).map { name, client in
        let spent = client.meter.spent
        let events = spent.entries.map { PrivacyEvent($0.mechanism, count: $0.count) }
        let bounds = known[events] ?? spent.bounds()
        known[events] = bounds
        return PrivacyReport.Site(
          name: name, epsilon: bounds.upper, lowerBound: bounds.lower, renyi: spent.renyi,
          noiseMultiplier: client.mechanism.mechanism.noiseMultiplier,
          samplingRate: client.mechanism.mechanism.samplingRate, uses: client.meter.count)
      }, configuration: clients.first?.mechanism.configuration)
  }
}
