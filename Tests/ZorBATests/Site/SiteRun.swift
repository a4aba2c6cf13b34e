import ZorBAConfiguration
import ZorBAJournal
import ZorBATensor

@testable import ZorBA

/// A tiny run with sites, each with a file of its own, for simulations and for its parts alike.
struct SiteRun {
  var run: TinyRun
  var configuration: RunConfiguration {
    get { run.configuration }
    set { run.configuration = newValue }
  }

  /// - Parameter change: What differs from three sites, two examples a batch, six rounds.
  init(
    _ checkpoint: TinyCheckpoint = TinyCheckpoint(), sites: Int = 3,
    change: (inout RunConfiguration) -> Void = { _ in }
  ) throws {
    run = try TinyRun(checkpoint)
    let names = (1...sites).map { "ward-\($0)" }
    let folder = run.folder
    run.configuration.data.train = try names.enumerated().map { index, name in
      try folder.write(TinyRun.rows(5 + 2 * index, seed: UInt64(index + 10)), to: "\(name).jsonl")
    }
    run.configuration.federation = FederationConfiguration(sites: names)
    run.configuration.evaluate.every = 0
    run.configuration.rounds = 12
    change(&run.configuration)
  }

  /// The whole federation in one process.
  func simulate(
    drops: RoundDrops? = nil, tampers: AnswerTampering? = nil
  ) throws -> RunResult {
    var options = Simulation.Options()
    options.threads = 1
    options.drops = drops
    options.tampers = tampers
    return try Simulation(configuration, options: options).run()
  }

  /// What a site makes of a header: its own model and rows.
  func replica(_ number: Int, of header: JournalHeader, threads: Int = 1) throws -> SiteReplica {
    let data = DataFiles(
      train: [configuration.data.train[number - 1]], validation: nil,
      test: number == 1 ? configuration.data.test : nil)
    return try SiteReplica(
      header: header,
      configuration: RunFile.parse(header: header, model: configuration.model, data: data),
      siteNumber: number, context: ComputeContext(threads: threads))
  }
}
