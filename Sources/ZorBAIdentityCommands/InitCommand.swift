import ArgumentParser
import ZorBAAudit
import ZorBAAuditIdentity
import ZorBAConsole
import ZorBAIdentity
import ZorBAJSON

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make a federation's authority, and its coordinator's identity.")

  @OptionGroup var common: CommonOptions
  @OptionGroup var hosts: HostOptions
  @OptionGroup var validity: LifetimeOptions

  @Option(help: ArgumentHelp("The federation's name.", valueName: "name"))
  var federation: String

  @Option(
    help: ArgumentHelp(
      "A new folder. The coordinator's identity goes to its folder 'coordinator'.",
      valueName: "folder"))
  var out: String

  func run() throws {
    let now = Date()
    let names = try hosts.names
    let lifetime = try validity.lifetime
    let coordinator = try Principal.coordinator(of: federation)
    let authority = try CertificateAuthority.create(folder: out, federation: federation, now: now)
    let identity = try authority.provision(
      folder: "\(out)/coordinator", principal: coordinator, hosts: names, lifetime: lifetime,
      now: now)
    let credentials = try identity.load()
    try AuthorityLog.record(
      AuditEntry(
        .identityEnrolled, digest: credentials.chain.first.map { Hexadecimal.digest(of: $0) },
        detail: [
          "principal": .string(credentials.principal.uri), "serial": .string(credentials.serial),
        ]), of: authority)
    if common.json {
      let value: JSONValue = [
        "federation": .string(federation), "authority": .string(out),
        "fingerprint": .string(authority.anchor.fingerprint.hex),
        "coordinator": .string(identity.path), "serial": .string(credentials.serial),
        "not_after": .string(Timestamp.text(credentials.notAfter)),
      ]
      return Console.output(value.serialized + "\n")
    }
    Console.output(
      """
      Authority of federation '\(federation)': \(out)
        fingerprint  \(authority.anchor.fingerprint.grouped)
      Identity of the coordinator: \(identity.path), valid until \
      \(Timestamp.text(credentials.notAfter))

      """)
    common.say(
      """
      Keep \(out)/authority.key secret and backed up: whoever has it can admit anybody.
      Next: run 'zorba pki request' at every site and approve the requests here.
      """)
  }
}
