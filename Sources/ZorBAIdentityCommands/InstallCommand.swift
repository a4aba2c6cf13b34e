import ArgumentParser
import ZorBAConsole
import ZorBAIdentity
import ZorBAJSON

struct InstallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install",
    abstract: "Put an approved certificate beside the key it is for.")

  @OptionGroup var common: CommonOptions

  @Argument(help: ArgumentHelp("The file that the operator sent back.", valueName: "chain.pem"))
  var chain: String

  @Option(help: ArgumentHelp("The identity folder of the request.", valueName: "folder"))
  var identity: String

  @Option(
    help: ArgumentHelp(
      "What the fingerprint of the authority must be, as 'zorba pki init' printed it.",
      valueName: "digits"))
  var authorityFingerprint: String?

  func run() throws {
    let credentials = try IdentityFolder(identity).install(
      file: chain, authority: authorityFingerprint)
    if common.json {
      let value: JSONValue = [
        "principal": .string(credentials.principal.uri), "serial": .string(credentials.serial),
        "not_after": .string(Timestamp.text(credentials.notAfter)),
        "authority_fingerprint": .string(credentials.anchor.fingerprint.hex),
        "identity": .string(identity),
      ]
      return Console.output(value.serialized + "\n")
    }
    Console.output(
      """
      This is \(credentials.principal), valid until \(Timestamp.text(credentials.notAfter)).
        authority  \(credentials.anchor.fingerprint.grouped)

      """)
    if authorityFingerprint == nil {
      common.say("Compare the authority's fingerprint with the one that the operator has.")
    }
  }
}
