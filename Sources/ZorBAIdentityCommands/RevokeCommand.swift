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

struct RevokeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Revoke certificates; coordinators that read the register refuse them at once.")

  @OptionGroup var common: CommonOptions

  @Argument(
    help: ArgumentHelp(
      "A name (also site/NAME or operator/NAME), serial number or key fingerprint.",
      valueName: "name"))
  var subject: String

  @Option(help: ArgumentHelp("The authority's folder.", valueName: "folder"))
  var authority: String

  @Option(
    help: ArgumentHelp("Why; the register keeps it and the holder is told.", valueName: "text"))
  var reason: String

  func run() throws {
    let owner = try CertificateAuthority.open(folder: authority)
    let entries = try owner.revoke(subject, reason: reason, now: Date())
    for entry in entries {
      try AuthorityLog.record(
        AuditEntry(
          .identityRevoked,
          detail: [
            "principal": .string(entry.principal.uri), "serial": .string(entry.serial),
            "reason": .string(reason),
          ]), of: owner)
    }
    if common.json {
      let value: JSONValue = [
        "revoked": .array(
          entries.map {
            ["principal": .string($0.principal.uri), "serial": .string($0.serial)]
          })
      ]
      return Console.output(value.serialized + "\n")
    }
    for entry in entries {
      Console.output("Revoked: \(entry.principal), serial \(entry.serial)\n")
    }
    common.say(
      "Coordinators that read \(CertificateAuthority.registerPath(authority)) refuse it from now "
        + "on; where a coordinator has a copy of the register, copy it again.")
  }
}
