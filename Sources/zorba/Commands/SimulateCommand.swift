import ArgumentParser
import ZorBA
import ZorBAConfiguration
import ZorBAConsole
import ZorBADiagnostics
import ZorBAReport

struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate", abstract: "Run a whole federation on this machine.")

  @OptionGroup var common: CommonOptions

  @Argument(
    help: ArgumentHelp("The run's YAML file; not needed with --resume.", valueName: "run.yaml"))
  var runFile: String?

  @Option(help: "Continue the run in this folder.")
  var resume: String?

  @Option(help: "Override a key of the YAML file: key.path=value. May be repeated.")
  var set: [String] = []

  @Option(help: "Override the run's seed.")
  var seed: UInt64?

  @Flag(help: "Also train each site alone for as many rounds, for comparison.")
  var alone = false

  func validate() throws {
    guard (runFile == nil) != (resume == nil) else {
      throw ValidationError("Give either a RUN.yaml or --resume FOLDER.")
    }
  }

  func run() throws {
    var run = try configuration()
    if let seed { run.seed = seed }
    try RunPresentation(
      common: common, title: "Federated fine-tuning", isResuming: resume != nil,
      comparesWithTrainingAlone: alone
    ).present(run)
  }

  private func configuration() throws -> RunConfiguration {
    if let resume {
      let folder = RunFolder(path: resume)
      var run = try RunFile.read(path: folder.configuration, overrides: set)
      run.out = resume
      return run
    }
    return try RunFile.read(path: runFile ?? "", overrides: set)
  }
}
