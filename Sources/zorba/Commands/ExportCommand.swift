public import ArgumentParser
import ZorBA
import ZorBAConsole
import ZorBAJSON
public import ZorBATensor

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write base model + journal as a Hugging Face checkpoint, or its adapter for PEFT.")

  @OptionGroup var common: CommonOptions
  @OptionGroup var model: ModelOptions

  @Option(help: "The folder to write.")
  var out: String

  @Option(help: "float32, bfloat16 or float16; the trained type by default.")
  var dtype: DType?

  @Flag(help: "Replace what is in the folder.")
  var overwrite = false

  @Flag(help: "Fold an adapter into its base and write a whole checkpoint.")
  var merge = false

  func run() throws {
    let loaded = try model.load(common)
    let isAdapter = loaded.hasAdapter && !merge
    if isAdapter, dtype != nil {
      throw ValidationError("--dtype is for whole checkpoints; an adapter is written as float32.")
    }
    if merge, !loaded.hasAdapter {
      throw ValidationError("--merge: there is no adapter; leave it out.")
    }
    let files =
      try isAdapter
      ? loaded.exportAdapter(to: out, overwrite: overwrite)
      : loaded.export(to: out, dtype: dtype, overwrite: overwrite)
    let digest = loaded.stateDigest()
    if common.json {
      let value: JSONValue = [
        "out": .string(out), "round": .integer(loaded.round), "state_digest": .string(digest),
        "files": .array(files.map { .string($0) }),
      ]
      Console.output(value.serialized + "\n")
    } else {
      Console.output("\(out): round \(loaded.round), state \(digest)\n")
      for file in files { Console.output("  \(file)\n") }
    }
  }
}

extension DType: ExpressibleByArgument {}
