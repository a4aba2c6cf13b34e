import ZorBADiagnostics
package import ZorBAPrivacy

/// What a site brings to a run that promises differential privacy: its ledger, and its own limit.
package struct SitePrivacy {
  /// The account of a site's ledger: everything in its state folder is about the same people.
  package static let account = "site"

  let ledger: PrivacyLedger
  let run: String
  let specification: String
  let total: Double?
  let done: Int

  /// - Parameters:
  ///   - ledger: The site's, in its state folder.
  ///   - run: The run's name.
  ///   - specification: SHA-256 of the payload of its journal's header, in hexadecimal. A coordinator may
  ///     call a run what it likes; what it takes counts as this run's all the same.
  ///   - total: What all runs together may spend (`epsilon_maximum`); nil sets no limit.
  ///   - done: The round at which the site's journal ends.
  package init(
    ledger: PrivacyLedger, run: String, specification: String, total: Double?, done: Int
  ) {
    self.ledger = ledger
    self.run = run
    self.specification = specification
    self.total = total
    self.done = done
  }

  /// What makes this site's answers private; nil for a run that promises nothing.
  ///
  /// - Throws: `ZorBAError` with code `refused` when the rest of the run would overspend, or when the
  ///   run promises privacy and the site has no ledger.
  static func client(
    _ site: SitePrivacy?, _ run: RunConfiguration, examples: Int
  ) throws -> ClientPrivacy? {
    guard let privacy = run.differentialPrivacy else { return nil }
    guard let site else {
      throw ZorBAError(
        .refused, "the run promises differential privacy and there is no ledger to count it in",
        at: .init(field: "differential_privacy"),
        advice: "Answer such runs with an agent that has a state folder.")
    }
    var table = NoiseTable()
    let mechanism = try ClientMechanism(run, privacy, examples: examples, noise: &table)
    let meter = try PrivacyMeter(
      ledger: site.ledger, account: account,
      terms: mechanism.terms(
        run: site.run, specification: site.specification, total: site.total),
      uses: max(0, run.rounds - site.done) * mechanism.usesPerRound)
    return ClientPrivacy(mechanism, meter: meter)
  }
}
