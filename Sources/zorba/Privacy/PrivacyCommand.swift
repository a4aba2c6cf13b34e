import ArgumentParser

struct PrivacyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "privacy",
    abstract: "Differential privacy: noise for a promise, what was spent, what an attack finds.",
    subcommands: [
      PrivacyCalibrateCommand.self, PrivacyLedgerCommand.self, PrivacyAuditCommand.self,
    ])
}
