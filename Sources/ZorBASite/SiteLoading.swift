import ZorBA
import ZorBAAudit
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAIdentity
import ZorBAJSON
import ZorBAJournal
import ZorBAPrivacy
import ZorBASitePolicy
import ZorBATensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Makes a site's replica of a run from the site's own model and rows.
struct SiteLoading: Sendable {
  let configuration: SiteConfiguration
  let threads: Int?
  /// Where a model lies that was downloaded.
  let downloaded: String
  /// Where first-order methods take gradients from; nil takes the model's backward pass.
  var gradients: SharedGradientFactory?
  /// Where it is recorded which branches the policy let in; nil keeps no log.
  var audit: AuditTrail?
  /// Where private samples and noise come from; nil takes the system's generator.
  var randomness: (@Sendable () -> any CryptographicGenerator)?

  /// The base model's folder.
  private var model: String {
    switch configuration.model {
    case .folder(let path): path
    case .download: downloaded
    }
  }

  /// Whether the base model is here.
  var hasBase: Bool {
    switch configuration.model {
    case .folder: true
    case .download: FileManager.default.fileExists(atPath: "\(downloaded)/\(ModelDownload.marker)")
    }
  }

  /// Loads the weights and encodes the rows.
  ///
  /// - Parameters:
  ///   - admitted: The payload of the header that the site's policy judged. Answers follow the copy of
  ///     the journal, so it has to begin with no other.
  ///   - origin: Where the weights come from.
  /// - Throws: `ZorBAError` naming whatever cannot be used, or with code `refused`; with code
  ///   `invalidJournal` when the copy is another run's.
  func load(
    _ journal: SiteJournal, run: String, number: Int, admitted: [UInt8], origin: WeightOrigin
  ) throws -> SiteReplica {
    guard let header = journal.header, let described = journal.configuration else {
      throw ZorBAError(
        .invalidJournal, "there is no journal to follow", at: .init(file: journal.path))
    }
    guard header.encoded == admitted else {
      throw ZorBAError(
        .invalidJournal, "the copy of the journal is of another run than the policy admitted",
        at: .init(file: journal.path), advice: "The agent puts it aside and fetches the run's own.")
    }
    var settings = try RunFile.parse(
      journaled: described, model: try modelFolder(origin, journal),
      data: DataFiles(
        train: [configuration.data.train], validation: configuration.data.validation,
        test: configuration.data.test))
    if described.serialized != header.configuration.serialized {
      try admitBranch(
        settings, run: run, header: header,
        specification: SiteDispatch.specification(
          of: header.branched(into: settings, described: described).encoded))
    }
    if let column = settings.fairness?.segment,
      try !SitePolicy.read(path: configuration.policy).tellsSegments(by: column)
    {
      // Not even read: nothing of the column leaves then.
      settings.fairness?.segment = nil
    }
    settings.out = configuration.state
    settings.memory.budgetMiB = configuration.memoryMiB
    let context = try ComputeContext(
      precision: settings.compute, threads: threads ?? configuration.threads)
    return try ZorBAError.whenMissing(.invalidData) {
      try SiteReplica(
        header: header, configuration: settings, siteNumber: number, origin: origin,
        context: context, gradients: gradients,
        privacy: try privacy(
          of: settings, run: run, specification: SiteDispatch.specification(of: admitted),
          done: journal.lastRound))
    }
  }

  /// The site's ledger and limit for a run that promises differential privacy.
  private func privacy(
    of settings: RunConfiguration, run: String, specification: String, done: Int
  ) throws -> SitePrivacy? {
    guard settings.differentialPrivacy != nil else { return nil }
    return SitePrivacy(
      ledger: try PrivacyLedger(folder: configuration.state),
      answers: try PrivateAnswers(folder: configuration.state), run: run,
      specification: specification,
      total: try SitePolicy.read(path: configuration.policy).epsilonMaximum, done: done,
      random: randomness?() ?? SystemRandomNumberGenerator())
  }

  /// A run that branched off is another one than its journal's header says: the site's policy is asked
  /// about what it is now, under the digest that people approve of it.
  private func admitBranch(
    _ settings: RunConfiguration, run: String, header: JournalHeader, specification: String
  ) throws {
    let facts = RunFacts(
      settings, name: run,
      federation: try IdentityFolder(configuration.identity).load().principal.federation,
      header: header, specification: specification)
    switch try SitePolicy.read(path: configuration.policy).admit(run: facts) {
    case .allowed, .wait: try audit?.recordAdmission(of: facts)
    case .refused(let refusal):
      audit?.noteRefusal(refusal.sentence, run: run, round: nil, digest: specification)
      throw refusal.error
    }
  }

  /// The base model, or a snapshot where a site has none and needs none; text is encoded as it says.
  private func modelFolder(_ origin: WeightOrigin, _ journal: SiteJournal) throws -> String {
    guard case .snapshot(let folder, let claim) = origin else { return model }
    guard try claim.isOf(journalAt: journal.path) else {
      throw ZorBAError(
        .invalidModel, "the snapshot of round \(claim.round) is not of this journal",
        at: .init(file: folder))
    }
    if case .folder(let own) = configuration.model { return own }
    // A snapshot of an adapter is no model.
    return journal.header?.configuration["adapter"] == nil ? folder : model
  }

  /// What a round costs the site, as JSON.
  func costs(of replica: SiteReplica) throws -> String {
    try replica.costs(calibration: configuration.calibration).json.serialized
  }
}
