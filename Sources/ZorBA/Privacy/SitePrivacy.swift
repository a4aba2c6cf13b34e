import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
package import ZorBAPrivacy

/// What a site brings to a run that promises differential privacy: its ledger, and its own limit.
package struct SitePrivacy {
  /// The account of a site's ledger: everything in its state folder is about the same people.
  package static let account = "site"

  let ledger: PrivacyLedger
  let answers: PrivateAnswers
  let run: String
  let specification: String
  let total: Double?
  let done: Int
  let random: any CryptographicGenerator

  /// - Parameters:
  ///   - ledger: The site's, in its state folder.
  ///   - answers: What it answered last, in the same folder; by default it lasts as long as the process.
  ///   - run: The run's name.
  ///   - specification: SHA-256 of the payload of its journal's header, in hexadecimal. A coordinator may
  ///     call a run what it likes; what it takes counts as this run's all the same.
  ///   - total: What all runs together may spend (`epsilon_maximum`); nil sets no limit.
  ///   - done: The round at which the site's journal ends.
  ///   - random: Where samples and noise come from.
  package init(
    ledger: PrivacyLedger, answers: PrivateAnswers = PrivateAnswers(), run: String,
    specification: String, total: Double?, done: Int,
    random: any CryptographicGenerator = SystemRandomNumberGenerator()
  ) {
    self.ledger = ledger
    self.answers = answers
    self.run = run
    self.specification = specification
    self.total = total
    self.done = done
    self.random = random
  }

  /// What makes this site's answers private; nil for a run that promises nothing.
  ///
  /// - Throws: `ZorBAError` with code `refused` when the rest of the run would overspend, or when the
  ///   run promises privacy and the site has no ledger.
  static func client(
    _ site: SitePrivacy?, _ run: RunConfiguration, header: JournalHeader, examples: Int
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
      uses: max(0, run.rounds - site.answered) * mechanism.usesPerRound)
    return ClientPrivacy(
      mechanism, meter: meter, answers: site.answers,
      identity: header.encoded + Array(run.journaled.serialized.utf8), random: site.random)
  }

  /// The last round that costs nothing more: of the journal, or one that was charged after it.
  private var answered: Int {
    guard let latest = answers.latest(run: run), latest.generation <= ledger.state.generation,
      latest.round == done + 1
    else { return done }
    return latest.round
  }
}
