import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAModels
import ZorBAOptimization
package import ZorBAPrivacy
import ZorBATensor

/// A whole federation on this machine: sites, coordinator and evaluation in one process.
///
///     var options = Simulation.Options()
///     options.observer = { print($0) }
///     let result = try Simulation(configuration, options: options).run()
///
/// Every round is in the journal, durably, before the weights move; a run that was interrupted at
/// any instant continues with `resume: true` to the same bits as one that was not.
public struct Simulation {
  /// What to run.
  public let configuration: RunConfiguration
  /// How to run it.
  public let options: Options

  /// Choices that change speed or talk, never the outcome of a committed round.
  public struct Options {
    /// Threads for arithmetic; nil uses every processor.
    public var threads: Int?
    /// Whether each site is trained alone as well, for comparison.
    public var comparesWithTrainingAlone = false
    /// Asked between rounds; true ends the run after the current one.
    public var isInterrupted: @Sendable () -> Bool = { false }
    /// Told what happens.
    public var observer: (RunEvent) -> Void = { _ in }

    /// What plans are made from; nil takes the run's own estimates.
    package var estimates: ((PlanShape) -> PlanEstimates)?
    /// Answers that are lost, as on a network that fails; nil loses none. A round of a run with sites
    /// is tried again then, as its configuration says. Unlike all else here it decides commits.
    package var drops: RoundDrops?
    /// Answers that are changed on their way, as by sites that lie; nil changes none. For tests and
    /// measurements; it decides commits.
    package var tampers: AnswerTampering?
    /// Where first-order methods take gradients from; nil takes the model's backward pass.
    package var gradients: GradientFactory?
    /// Where a client's private samples and noise come from, clients counted from 0; nil takes the
    /// system's generator, as anything but a test must.
    package var randomness: ((Int) -> any CryptographicGenerator)?

    /// Every processor, no comparison, silent.
    public init() {}
  }

  /// Creates a simulation; nothing is read or written yet.
  public init(_ configuration: RunConfiguration, options: Options = Options()) {
    self.configuration = configuration
    self.options = options
  }

  /// Runs the federation to its last round, or continues a run that was interrupted.
  ///
  /// - Parameter resume: Whether the run's folder holds the beginning of this run.
  /// - Returns: The outcome; `isIncomplete` when it was interrupted.
  /// - Throws: `ZorBAError` when the configuration, the model or the data cannot be used, when the
  ///   run diverges, or when the disk refuses.
  public func run(resume: Bool = false) throws -> RunResult {
    let folder = RunFolder(path: configuration.out)
    if options.comparesWithTrainingAlone, configuration.differentialPrivacy != nil {
      throw ZorBAError(
        .invalidConfiguration, "training alone cannot be compared under differential_privacy",
        at: .init(field: "--alone"),
        advice: "It would use the rows a second time beside what the run promises; leave it out.")
    }
    let context = try ComputeContext(
      precision: configuration.compute, threads: options.threads)
    let run = try PreparedRun(
      configuration, context: context, journal: resume ? folder.journal : nil,
      estimates: options.estimates, observer: options.observer)
    let record = try RunRecord.open(folder, run: run, resume: resume)
    let privacy = try run.federationPrivacy(
      folder: folder, done: record.lastRound, randomness: options.randomness)
    let session = try run.roundSession(
      lastCommitted: record.lastRound, folder: folder, options: options,
      privacy: privacy?.clients ?? [], warn: record.warn)
    session.recall(record.history)
    return try SimulationLoop(
      run: run, record: record, session: session, options: options, folder: folder,
      privacy: privacy
    ).finish()
  }
}
