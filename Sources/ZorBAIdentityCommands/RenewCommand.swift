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

struct RenewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "renew",
    abstract: "Renew an identity where its folder and the authority's are at hand.",
    discussion: """
      Sites that are connected renew by themselves; this is for the coordinator, for operators, \
      and for a certificate that has expired. The key is replaced too.
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var hosts: HostOptions
  @OptionGroup var validity: LifetimeOptions

  @Option(help: ArgumentHelp("The authority's folder.", valueName: "folder"))
  var authority: String

  @Option(help: ArgumentHelp("The identity folder.", valueName: "folder"))
  var identity: String

  @Flag(help: "Keep the key.")
  var keepKey = false

  func run() throws {
    let authority = try CertificateAuthority.open(folder: authority)
    let folder = IdentityFolder(identity)
    let names = try hosts.names
    let lifetime = try validity.lifetime
    let old = try folder.load()
    let request = try folder.makeRenewalRequest(withNewKey: !keepKey)
    let issued = try authority.renew(
      request, of: old.chain.first ?? [], hosts: names.isEmpty ? nil : names, lifetime: lifetime,
      mayHaveExpired: true, now: Date())
    try AuthorityLog.record(AuditEntry(.identityRenewed, issued), of: authority)
    try folder.install(issued.chain)
    let certificate = issued.certificate
    if common.json {
      return Console.output(certificate.json(writtenTo: identity).serialized + "\n")
    }
    Console.output(
      """
      Certificate of \(certificate.principal) renewed: \(identity)
        serial  \(certificate.serial)
        valid until  \(Timestamp.text(certificate.notAfter))

      """)
  }
}
