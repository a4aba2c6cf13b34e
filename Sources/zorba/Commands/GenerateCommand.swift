import ArgumentParser
import ZorBA
import ZorBAConsole
import ZorBAJSON

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Continue a prompt.")

  @OptionGroup var common: CommonOptions
  @OptionGroup var model: ModelOptions

  @Argument(help: "The prompt; empty starts from the model's opening token.")
  var prompt: String = ""

  @Option(help: "The most tokens to add.")
  var maxTokens = 64

  @Option(help: "0 takes the most likely token; above, tokens are drawn.")
  var temperature: Float = 0

  @Option(help: "Draw among this many most likely tokens only.")
  var topK: Int?

  @Option(help: "Draw among the fewest tokens with at least this probability together.")
  var topP: Float?

  @Option(help: "Seed of the draws.")
  var seed: UInt64 = 1

  func validate() throws {
    guard maxTokens >= 0 else { throw ValidationError("--max-tokens must be 0 or more.") }
  }

  func run() throws {
    let loaded = try model.load(common)
    var sampling = FineTunedModel.Sampling()
    sampling.maximumTokens = maxTokens
    sampling.temperature = temperature
    sampling.topK = topK
    sampling.topP = topP
    sampling.seed = seed
    let streams = !common.json
    Interruption.listen()
    try loaded.requireGeneration()
    if streams { Console.output(prompt) }
    let result = try loaded.generate(prompt, sampling: sampling) { piece in
      if streams { Console.output(piece) }
      return !Interruption.isRequested
    }
    if common.json {
      let value: JSONValue = [
        "prompt": .string(prompt), "text": .string(result.text),
        "ids": .array(result.tokens.map { .integer(Int($0)) }),
      ]
      Console.output(value.serialized + "\n")
    } else {
      Console.output("\n")
    }
  }
}
