import ArgumentParser
import ZorBAConsole
import ZorBAIdentity
import ZorBAJSON

struct RequestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "request",
    abstract: "Make a key here, and a request for the operator to approve.")

  @OptionGroup var common: CommonOptions

  @Option(help: ArgumentHelp("The federation's name.", valueName: "name"))
  var federation: String

  @Option(help: ArgumentHelp("The name of this site.", valueName: "name"))
  var site: String?

  @Option(
    name: .customLong("operator"), help: ArgumentHelp("The name of an operator.", valueName: "name")
  )
  var operatorName: String?

  @Flag(help: "The request of a coordinator that is not beside its authority.")
  var coordinator = false

  @Option(
    help: ArgumentHelp("The identity folder; made if it does not exist.", valueName: "folder"))
  var out: String

  func validate() throws {
    let given = (site == nil ? 0 : 1) + (operatorName == nil ? 0 : 1) + (coordinator ? 1 : 0)
    guard given == 1 else {
      throw ValidationError("Give one of --site NAME, --operator NAME and --coordinator.")
    }
  }

  func run() throws {
    let identity = IdentityFolder(out)
    let request = try identity.makeRequest(for: principal())
    if common.json {
      let value: JSONValue = [
        "principal": .string(request.principal.uri),
        "fingerprint": .string(request.fingerprint.hex), "request": .string(identity.requestPath),
      ]
      return Console.output(value.serialized + "\n")
    }
    Console.output(
      """
      Request of \(request.principal): \(identity.requestPath)
        fingerprint  \(request.fingerprint.grouped)

      """)
    common.say(
      """
      Next: send \(identity.requestPath) to the operator, and read the fingerprint to them over \
      the telephone or another channel. The key stays here.
      Then: zorba pki install CHAIN.pem --identity \(out)
      """)
  }

  private func principal() throws -> Principal {
    if let site { return try Principal(federation: federation, role: .site, name: site) }
    if let operatorName {
      return try Principal(federation: federation, role: .operator, name: operatorName)
    }
    return try Principal.coordinator(of: federation)
  }
}
