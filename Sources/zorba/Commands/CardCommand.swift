import ArgumentParser
import ZorBA
import ZorBAConsole
import ZorBADiagnostics
import ZorBAJSON
import ZorBAOptimization
import ZorBATensor

struct CardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "card",
    abstract: "Write down a checkpoint's tensors and digests for a coordinator without weights.",
    discussion: "Use the file as 'model' in the run file of 'zorba server'.")

  @OptionGroup var common: CommonOptions

  @Argument(help: "The checkpoint's folder.")
  var model: String

  @Option(help: "How runs store weights: as_checkpoint, float32 or bfloat16.")
  var precision = WeightPrecision.asCheckpoint.rawValue

  @Option(help: "The file to write, ending in .json.")
  var out: String

  func validate() throws {
    guard WeightPrecision(rawValue: precision) != nil else {
      throw ValidationError(
        "--precision \(precision): use \(WeightPrecision.allCases.map(\.rawValue).joined(separator: ", "))."
      )
    }
    guard out.hasSuffix(".json") else {
      throw ValidationError("--out \(out): the name of a model card ends in .json.")
    }
  }

  func run() throws {
    let card = try ModelCard(
      ofCheckpoint: model, precision: WeightPrecision(rawValue: precision) ?? .asCheckpoint,
      context: ComputeContext(threads: common.threads))
    try card.write(to: out)
    if common.json {
      Console.output(card.json.serialized + "\n")
    } else {
      Console.output(
        "\(card.name): \(card.layerCount) transformer blocks, base digest \(card.base.state)\n")
    }
  }
}
