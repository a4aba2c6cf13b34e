import ArgumentParser
import ZorBAAuditCommands
import ZorBAConsole
import ZorBADiagnostics
import ZorBAIdentityCommands

@main
struct ZorbaServer: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zorba",
    abstract: "The coordinator of a federation, its operators' tools and its identities.",
    version: "0.1.0",
    subcommands: [
      ServerCommand.self, AdminCommand.self, PKICommand.self, AuditCommand.self, LoadCommand.self,
    ])

  static func main() async {
    await CommandEntry.run(Self.self)
  }
}
