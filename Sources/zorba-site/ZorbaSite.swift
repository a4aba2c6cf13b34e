import ArgumentParser
import ZorBAAuditCommands
import ZorBAConsole
import ZorBADiagnostics
import ZorBAIdentityCommands

@main
struct ZorbaSite: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zorba",
    abstract: "A site's agent: lives beside the data, dials out only, answers within its policy.",
    version: "0.1.0",
    subcommands: [ClientCommand.self, AuditCommand.self, PKICommand.self])

  static func main() async {
    await CommandEntry.run(Self.self)
  }
}
