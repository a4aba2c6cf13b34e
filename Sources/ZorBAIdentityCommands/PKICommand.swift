package import ArgumentParser

/// `pki`: who belongs to a federation.
package struct PKICommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "pki",
    abstract: "Enrol, renew and revoke the members of a federation.",
    discussion: """
      The operator makes an authority with 'init'. A site makes its key with 'request' and reads \
      the fingerprint to the operator, who approves the request and sends back the chain that the \
      site installs. Keys never travel.
      """,
    subcommands: [
      InitCommand.self, RequestCommand.self, ApproveCommand.self, InstallCommand.self,
      RenewCommand.self, RevokeCommand.self, ListCommand.self,
    ])

  package init() {}
}
