import ArgumentParser
import ZorBAAuditCommands
import ZorBAConsole
import ZorBADiagnostics

@main
struct Zorba: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zorba",
    abstract: "Federated fine-tuning of language models with forward passes only.",
    discussion: """
      Start with 'zorba demo'. 'zorba server', 'zorba client', 'zorba admin' and 'zorba pki' run \
      federations over a network; they are programs of their own beside this one. Results go to standard output, progress and messages to standard \
      error.

      Exit codes: 0 done; 1 failed; 2 usage or bad configuration; 3 bad input data or model; \
      4 refused by a policy; 5 incomplete but resumable; 6 a broken audit log.
      """,
    version: "0.1.0",
    subcommands: [
      DemoCommand.self, SimulateCommand.self, EvaluateCommand.self, GenerateCommand.self,
      TokenizeCommand.self, ScoreCommand.self, ExportCommand.self, InspectCommand.self,
      PlanCommand.self, CardCommand.self, DoctorCommand.self, BenchCommand.self,
      BenchmarkCommand.self, PrivacyCommand.self, AuditCommand.self,
    ])

  /// Like ArgumentParser's own `main`, but with this command's exit codes and error text.
  static func main() {
    StandardStreams.reserve()
    Interruption.install()
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      if let program = SiblingProgram(arguments: arguments) {
        try program.become(arguments: arguments)
      }
      var command = try parseAsRoot()
      try command.run()
      try Console.checkOutput()
    } catch let error as ZorBAError {
      Console.error("zorba: \(error)\n")
      Self.exit(withStatus: ExitStatus(error))
    } catch {
      let text = fullMessage(for: error)
      let status = ExitStatus(exitCode(for: error))
      if !text.isEmpty {
        status == .done ? Console.output(text + "\n") : Console.error(text + "\n")
      }
      Self.exit(withStatus: status)
    }
  }
}
