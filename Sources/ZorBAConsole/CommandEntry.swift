package import ArgumentParser
import ZorBADiagnostics

/// Runs a command like ArgumentParser's own `main`, but with this project's exit codes and error
/// text.
package enum CommandEntry {
  /// Parses the process's arguments and runs what they ask for; ends the process where that fails.
  package static func run<Root: AsyncParsableCommand>(_ root: Root.Type) async {
    StandardStreams.reserve()
    Interruption.install()
    do {
      var command = try root.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      try Console.checkOutput()
    } catch let error as ZorBAError {
      Console.error("zorba: \(error)\n")
      root.exit(withStatus: ExitStatus(error))
    } catch {
      let text = root.fullMessage(for: error)
      let status = ExitStatus(root.exitCode(for: error))
      if !text.isEmpty {
        status == .done ? Console.output(text + "\n") : Console.error(text + "\n")
      }
      root.exit(withStatus: status)
    }
  }
}
