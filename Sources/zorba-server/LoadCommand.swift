import ArgumentParser
import ZorBAConsole
import ZorBADiagnostics
import ZorBAIdentity
import ZorBAJSON
import ZorBASite
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

struct LoadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Put a coordinator under the load of many sites that do no work, all in one process.",
    discussion: """
      Makes an identity for every site with the authority's key, connects them all, and answers \
      every question with made-up scalars. For measuring a coordinator; never use it on a run \
      that matters.
      """)

  @OptionGroup var common: CommonOptions

  @Option(help: "The coordinator's address and port.")
  var coordinator = "127.0.0.1:7443"

  @Option(help: "The authority's folder, with its key.")
  var authority: String

  @Option(help: "A folder for the identities.")
  var identities: String

  @Option(help: "The sites' names begin so; numbers follow, as in site-00001.")
  var prefix = "site-"

  @Option(help: "How many sites.")
  var sites = 100

  @Option(help: "Connections that are being made at a time.")
  var atOnce = 32

  @Option(help: "Seconds after which it ends if the run has not.")
  var seconds = 600.0

  func validate() throws {
    guard (1...100_000).contains(sites) else {
      throw ValidationError("--sites \(sites): use 1 to 100000.")
    }
    guard ListenAddress(coordinator) != nil else {
      throw ValidationError("--coordinator \(coordinator): use an address and a port.")
    }
  }

  func run() async throws {
    if let shortage = OpenFiles.shortage(of: sites, limit: OpenFiles.raiseLimit()) {
      throw ZorBAError(.invalidConfiguration, shortage)
    }
    let authority = try CertificateAuthority.open(folder: authority)
    let width = max(5, String(sites).count)
    var folders: [String] = []
    for number in 1...sites {
      let digits = String(number)
      let name = prefix + String(repeating: "0", count: width - digits.count) + digits
      let folder = "\(identities)/\(name)"
      if !FileManager.default.fileExists(atPath: folder) {
        try authority.provision(
          folder: folder,
          principal: Principal(federation: authority.federation, role: .site, name: name),
          now: Date())
      }
      folders.append(folder)
    }
    let address = ListenAddress(coordinator)
    let crowd = SiteCrowd(
      host: address?.host ?? "", port: address?.port ?? 0, identities: folders, atOnce: atOnce)
    let report = try await crowd.run(seconds: seconds)
    if common.json {
      Console.output(report.json.serialized + "\n")
    } else {
      Console.output(report.text)
    }
  }
}
