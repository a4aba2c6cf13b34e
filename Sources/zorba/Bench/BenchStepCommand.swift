import ArgumentParser
import ZorBA
import ZorBABench
import ZorBAConsole
import ZorBAJSON
import ZorBAReport
import ZorBATensor

struct BenchStepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Time training steps: both sides of every direction, then the update.",
    discussion: """
      A step without a timer comes first. Tokens are random; the model folder needs no tokenizer \
      and is never written to.
      """)

  @OptionGroup var common: CommonOptions

  @Option(help: "A Hugging Face checkpoint folder.")
  var model: String

  @Option(help: "Sequences of a batch.")
  var batch = 16

  @Option(help: "Tokens of a sequence.")
  var seq = 64

  @Option(help: "Blocks to perturb and update: all, top-quarter, or numbers such as 10,11,12.")
  var blocks = "all"

  @Flag(
    inversion: .prefixedNo,
    help: "Whether embeddings, final norm and head take part; by default with --blocks all.")
  var outer: Bool?

  @Option(help: "Directions of a step, two branches each.")
  var directions = 1

  @Option(help: "How random directions are distributed.")
  var perturbation = PerturbationDistribution.gaussian

  @Option(help: "Predict after every token (all) or after the last of each sequence (label).")
  var logits = StepMeasurement.Logits.all

  @Option(help: "Steps to time.")
  var steps = 5

  @Option(help: "The type of the weights.")
  var dtype = WeightPrecision.asCheckpoint

  @Option(
    help: ArgumentHelp(
      "Resident memory at most, in MiB; weights that do not fit are streamed from a temporary file.",
      valueName: "MiB"))
  var memoryBudget: Int?

  @Option(help: "The seed of tokens and directions.")
  var seed: UInt64 = 1

  @Flag(help: "The same number of rows in one pass without perturbations and without update.")
  var unperturbed = false

  func run() throws {
    var options = StepMeasurement.Options()
    options.batch = batch
    options.sequence = seq
    options.blocks = try BlockSelection(parsing: blocks)
    options.outer = outer
    options.directions = directions
    options.distribution = perturbation
    options.logits = logits
    options.steps = steps
    options.seed = seed
    options.isUnperturbed = unperturbed
    let subject = try BenchModel(
      path: model, precision: dtype, context: ComputeContext(threads: common.threads),
      memoryBudget: memoryBudget)
    let measurement = try StepMeasurement(subject, options: options)
    var progress = ProgressLine(label: "step", total: steps, isQuiet: common.quiet)
    let result = try measurement.run { done, _ in progress.update(done: done, detail: "") }
    progress.finish()
    Console.output(common.json ? result.json.serialized + "\n" : result.text)
  }
}

extension StepResult {
  /// The measurement as a table for a terminal.
  var text: String {
    var table = TextTable(header: ["a step of \(tokens) tokens", "", ""])
    table.append("step", NumberFormat.fixed(step.median, 4) + " s", step.rangeText)
    table.append("forward passes", NumberFormat.fixed(forward, 4) + " s")
    table.append("update", NumberFormat.fixed(update, 4) + " s")
    table.append("useful work", NumberFormat.fixed(gflops, 1) + " Gflop/s")
    table.append("private memory", NumberFormat.bytes(privateBytes))
    table.append("peak memory", NumberFormat.bytes(peakBytes))
    table.append("predicted", NumberFormat.bytes(predictedBytes))
    table.append("weights", NumberFormat.bytes(weightsBytes))
    table.append("parameters", "\(parameters)")
    table.append("loss", NumberFormat.fixed(loss, 4))
    return table.rendered() + "\n\(instructionSet.rawValue), \(threads) threads\n"
  }
}

extension Spread {
  /// `0.9980 to 1.0120 s`.
  var rangeText: String {
    let decimals = max < 0.1 ? 6 : 4
    return "\(NumberFormat.fixed(min, decimals)) to \(NumberFormat.fixed(max, decimals)) s"
  }
}
