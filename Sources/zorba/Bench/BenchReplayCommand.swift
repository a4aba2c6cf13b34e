import ArgumentParser
import ZorBA
import ZorBABench
import ZorBAConsole
import ZorBAJSON
import ZorBAReport
import ZorBATensor

struct BenchReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Time the replay of committed rounds over every block.",
    discussion: "The rounds are made up and applied in memory; nothing is written.")

  @OptionGroup var common: CommonOptions

  @Option(help: "A Hugging Face checkpoint folder.")
  var model: String

  @Option(help: "Rounds to apply.")
  var rounds: Int

  @Option(help: "Directions of a round.")
  var directions = 1

  @Option(help: "How random directions are distributed.")
  var perturbation = PerturbationDistribution.gaussian

  @Option(help: "The type of the weights.")
  var dtype = WeightPrecision.asCheckpoint

  @Option(help: "The seed of the directions.")
  var seed: UInt64 = 1

  func run() throws {
    var options = ReplayMeasurement.Options(rounds: rounds)
    options.directions = directions
    options.distribution = perturbation
    options.seed = seed
    let subject = try BenchModel(
      path: model, precision: dtype, context: ComputeContext(threads: common.threads))
    let measurement = try ReplayMeasurement(subject, options: options)
    var progress = ProgressLine(label: "round", total: rounds, isQuiet: common.quiet)
    let result = try measurement.run { done, _ in progress.update(done: done, detail: "") }
    progress.finish()
    Console.output(common.json ? result.json.serialized + "\n" : result.text)
  }
}

extension ReplayResult {
  /// The measurement as a table for a terminal.
  var text: String {
    var table = TextTable(header: ["a replay", ""])
    table.append("time", NumberFormat.fixed(seconds, 4) + " s")
    table.append("rounds", "\(rounds)")
    table.append("rounds a second", NumberFormat.fixed(roundsPerSecond, 2))
    table.append("parameters", "\(parameters)")
    table.append(
      "for a parameter and round", NumberFormat.fixed(nanosecondsPerParameterRound, 4) + " ns")
    return table.rendered() + "\n\(instructionSet.rawValue), \(threads) threads\n"
  }
}
