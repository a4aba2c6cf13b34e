import ArgumentParser
import ZorBAAudit
import ZorBAAuditIdentity
import ZorBAConsole
import ZorBADiagnostics
import ZorBAIdentity
import ZorBAJSON

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

struct ApproveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve",
    abstract: "Issue the certificate of a request whose fingerprint you were told.")

  @OptionGroup var common: CommonOptions
  @OptionGroup var hosts: HostOptions
  @OptionGroup var validity: LifetimeOptions

  @Argument(help: ArgumentHelp("The request as the site sent it.", valueName: "request.pem"))
  var request: String

  @Option(help: ArgumentHelp("The authority's folder.", valueName: "folder"))
  var authority: String

  @Option(
    help: ArgumentHelp(
      "What the site read to you: 64 hexadecimal digits or at least the first 16.",
      valueName: "digits"))
  var fingerprint: String

  @Option(help: ArgumentHelp("Where to write the chain for the site.", valueName: "chain.pem"))
  var out: String

  @Flag(help: "Revoke the certificates that the same name has.")
  var replace = false

  func run() throws {
    let owner = try CertificateAuthority.open(folder: authority)
    let issued = try owner.approve(
      SigningRequest(file: request), fingerprint: fingerprint, hosts: hosts.names,
      lifetime: validity.lifetime, isReplacement: replace, now: Date())
    // What cannot be recorded is not handed out.
    try AuthorityLog.record(
      AuditEntry(.identityApproved, issued, detail: ["replaces": .bool(replace)]), of: owner)
    do {
      try issued.write(to: out)
    } catch var error as ZorBAError {
      error.advice = "The certificate was issued: approve again with --replace and another --out."
      throw error
    }
    let certificate = issued.certificate
    if common.json { return Console.output(certificate.json(writtenTo: out).serialized + "\n") }
    Console.output(
      """
      Certificate of \(certificate.principal): \(out)
        serial  \(certificate.serial)
        valid until  \(Timestamp.text(certificate.notAfter))

      """)
    common.say("Next: send \(out) back; there: zorba pki install \(out) --identity FOLDER")
  }
}
