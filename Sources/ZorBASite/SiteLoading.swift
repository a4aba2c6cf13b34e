import ZorBA
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBASitePolicy
import ZorBATensor

/// Makes a site's replica of a run from the site's own model and rows.
struct SiteLoading: Sendable {
  let configuration: SiteConfiguration
  let threads: Int?
  /// Where a model lies that was downloaded.
  let downloaded: String

  /// The base model's folder.
  private var model: String {
    switch configuration.model {
    case .folder(let path): path
    case .download: downloaded
    }
  }

  /// Loads the base model and encodes the rows.
  ///
  /// - Throws: `ZorBAError` naming whatever cannot be used, or with code `refused`.
  func load(_ journal: SiteJournal, run: String, number: Int) throws -> SiteReplica {
    guard let header = journal.header, let described = journal.configuration else {
      throw ZorBAError(
        .invalidJournal, "there is no journal to follow", at: .init(file: journal.path))
    }
    var settings = try RunFile.parse(
      journaled: described, model: model,
      data: DataFiles(
        train: [configuration.data.train], validation: configuration.data.validation,
        test: configuration.data.test))
    settings.out = configuration.state
    settings.memory.budgetMiB = configuration.memoryMiB
    let context = try ComputeContext(
      precision: settings.compute, threads: threads ?? configuration.threads)
    return try ZorBAError.whenMissing(.invalidData) {
      try SiteReplica(
        header: header, configuration: settings, siteNumber: number, context: context)
    }
  }

  /// What a round costs the site, as JSON.
  func costs(of replica: SiteReplica) throws -> String {
    try replica.costs(calibration: configuration.calibration).json.serialized
  }
}
