import ZorBAModels
import ZorBAOptimization
package import ZorBATensor

/// Times the fused replay of committed rounds, as a replica that joins late does it.
///
/// The rounds are made up: tiny coefficients on every block. Weights change in memory only.
package struct ReplayMeasurement: Sendable {
  /// What is replayed.
  package struct Options: Sendable {
    package var rounds: Int
    package var directions = 1
    package var distribution = PerturbationDistribution.gaussian
    package var seed: UInt64 = 1

    package init(rounds: Int) { self.rounds = rounds }
  }

  private let subject: BenchModel
  private let options: Options

  /// Rounds handed over at a time, as the replay of a journal does.
  private static let roundsAtOnce = 1024

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the options are impossible.
  package init(_ subject: BenchModel, options: Options) throws {
    try OptionCheck.require(options.rounds, in: 1...1 << 30, option: "--rounds")
    try OptionCheck.require(options.directions, in: 1...4096, option: "--directions")
    self.subject = subject
    self.options = options
  }

  /// Applies the rounds.
  ///
  /// - Parameter progress: Told how many rounds are done, of how many.
  /// - Throws: `ZorBAError` with code `diverged` when a weight is next to the end of its range.
  package func run(
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> ReplayResult {
    let synthetic = SyntheticRounds(
      seed: options.seed, distribution: options.distribution, directions: options.directions,
      blocks: Array(subject.model.parameters.blocks.indices))
    let updater = WeightUpdater(
      parameters: subject.model.parameters, schedule: synthetic.schedule,
      context: subject.context)
    var total = 0.0
    for start in stride(from: 0, to: options.rounds, by: Self.roundsAtOnce) {
      let end = min(start + Self.roundsAtOnce, options.rounds)
      let rounds = try (start..<end).map { try synthetic.round(UInt64($0 + 1)) }
      total += try seconds { try updater.apply(rounds) }
      progress(end, options.rounds)
    }
    return ReplayResult(
      seconds: total, rounds: options.rounds, parameters: subject.parameterCount(),
      instructionSet: subject.context.instructionSet, threads: subject.context.team.threadCount)
  }
}
