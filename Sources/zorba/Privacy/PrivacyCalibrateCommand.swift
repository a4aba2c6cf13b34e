import ArgumentParser
import ZorBAConsole
import ZorBADiagnostics
import ZorBAJSON
import ZorBAPrivacy
import ZorBAReport

struct PrivacyCalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Say how much noise a promise takes, or what a given noise promises.",
    discussion: """
      The noise multiplier is the standard deviation of the noise over the clip. Every step is one use \
      of the Gaussian mechanism on a Poisson sample of batch / examples.
      """)

  @OptionGroup var common: CommonOptions

  @Option(help: "The epsilon to promise; not needed with --noise-multiplier.")
  var epsilon: Double?

  @Option(help: "The delta to promise.")
  var delta = 1e-5

  @Option(help: "Rounds of the run.")
  var rounds: Int

  @Option(help: "Local steps of a round.")
  var localSteps = 1

  @Option(help: "Examples of a minibatch, on average.")
  var batch: Int

  @Option(help: "Training examples of the site.")
  var examples: Int

  @Flag(help: "Promise it about the site as a whole rather than about one of its rows.")
  var site = false

  @Flag(help: "Neighbours have another row in the place of one, rather than one more or less.")
  var replace = false

  @Option(help: "Say what this noise promises, in place of computing one.")
  var noiseMultiplier: Double?

  func validate() throws {
    guard (epsilon == nil) != (noiseMultiplier == nil) else {
      throw ValidationError("Give either --epsilon or --noise-multiplier.")
    }
    guard batch > 0, examples > 0, rounds > 0, localSteps > 0 else {
      throw ValidationError("--batch, --examples, --rounds and --local-steps are above 0.")
    }
    guard delta > 0, delta < 1 else { throw ValidationError("--delta is above 0 and below 1.") }
  }

  func run() throws {
    let (uses, overflow) = rounds.multipliedReportingOverflow(by: localSteps)
    guard !overflow else { throw ValidationError("--rounds times --local-steps is too large.") }
    let rate = site ? 1 : Double(min(batch, examples)) / Double(examples)
    let adjacency: Adjacency = replace ? .replace : .addRemove
    let sigma =
      try noiseMultiplier
      ?? NoiseCalibration(
        epsilon: epsilon ?? 0, delta: delta, count: uses, samplingRate: rate, adjacency: adjacency
      ).noiseMultiplier()
    guard let mechanism = SubsampledGaussian(samplingRate: rate, noiseMultiplier: sigma) else {
      throw ZorBAError(
        .invalidConfiguration, "\(sigma) cannot be used", at: .init(field: "--noise-multiplier"),
        advice: "Use a number from 0.05 to 1e6.")
    }
    let events = [PrivacyEvent(mechanism, count: uses)]
    let bounds = PrivacyLossAccountant(adjacency: adjacency).epsilon(of: events, delta: delta)
    let renyi = RenyiAccountant.epsilon(of: events, adjacency: adjacency, delta: delta)
    if common.json {
      let json: JSONValue = [
        "noise_multiplier": .number(sigma), "sampling_rate": .number(rate), "uses": .integer(uses),
        "delta": .number(delta), "epsilon": .number(bounds.upper),
        "epsilon_lower_bound": .number(bounds.lower), "epsilon_renyi": .number(renyi),
        "neighbours": .string(adjacency.rawValue), "level": .string(site ? "site" : "record"),
      ]
      Console.output(json.serialized + "\n")
      return
    }
    var table = TextTable(header: ["figure", ""])
    table.append("noise multiplier", NumberFormat.fixed(sigma, 4))
    table.append("sampling rate", NumberFormat.fixed(rate, 6))
    table.append("uses", "\(uses)")
    table.append("epsilon, at most", NumberFormat.fixed(bounds.upper, 4))
    table.append("epsilon, at least in the worst case", NumberFormat.fixed(bounds.lower, 4))
    table.append("epsilon by Rényi divergences", NumberFormat.fixed(renyi, 4))
    table.append("delta", "\(delta)")
    Console.output(table.rendered())
  }
}
