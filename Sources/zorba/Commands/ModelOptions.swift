import ArgumentParser
import ZorBA
import ZorBAConsole

/// Which model to use: a checkpoint, and optionally a journal to apply to it.
struct ModelOptions: ParsableArguments {
  @Option(help: "A Hugging Face checkpoint folder.")
  var model: String

  @Option(help: "A journal (run.zorba) to apply to the model.")
  var journal: String?

  @Option(help: "Apply the journal only up to this round.")
  var round: Int?

  @Option(help: "A folder with an adapter in PEFT's layout to put beside the model's layers.")
  var adapter: String?

  @Option(
    help: ArgumentHelp(
      "Resident memory at most, in MiB; weights that do not fit are streamed from a temporary file.",
      valueName: "MiB"))
  var memoryBudget: Int?

  func validate() throws {
    if let round, round < 0 { throw ValidationError("--round \(round): use 0 or more.") }
  }

  /// - Parameter task: What will be asked; it decides the head of an encoder.
  func load(_ common: CommonOptions, task: TaskConfiguration? = nil) throws -> FineTunedModel {
    try FineTunedModel(
      path: model, journal: journal, round: round, adapter: adapter, threads: common.threads,
      memoryBudget: memoryBudget, task: task)
  }
}
