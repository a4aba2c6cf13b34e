import ArgumentParser
import ZorBAConsole
import ZorBAIdentity
import ZorBAJSON

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the certificates that an authority issued.")

  @OptionGroup var common: CommonOptions

  @Option(help: ArgumentHelp("The authority's folder.", valueName: "folder"))
  var authority: String

  @Flag(help: "Show expired and revoked certificates too.")
  var all = false

  func run() throws {
    let now = Date()
    let authority = try CertificateAuthority.open(folder: authority)
    let certificates = try authority.list().filter { all || $0.status(at: now) == .live }
    if common.json {
      let value: JSONValue = [
        "federation": .string(authority.federation),
        "fingerprint": .string(authority.anchor.fingerprint.hex),
        "certificates": .array(certificates.map { $0.json(at: now) }),
      ]
      return Console.output(value.serialized + "\n")
    }
    let rows = certificates.map { $0.columns(at: now) }
    let header = ["NAME", "STATUS", "VALID UNTIL", "SERIAL"]
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max() ?? 0
    }
    for row in [header] + rows {
      let cells = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      Console.output(line + "\n")
    }
    if certificates.isEmpty { common.say("No certificate is valid now; see --all.") }
  }
}

extension RegisteredCertificate {
  fileprivate func statusText(at now: Date) -> String {
    switch status(at: now) {
    case .live: "valid"
    case .expired: "expired"
    case .revoked(let time, _): "revoked \(Timestamp.text(time))"
    }
  }

  fileprivate func columns(at now: Date) -> [String] {
    let principal = entry.principal
    let name =
      principal.role == .coordinator
      ? principal.name : "\(principal.role.rawValue)/\(principal.name)"
    return [name, statusText(at: now), Timestamp.text(entry.notAfter), entry.serial]
  }

  fileprivate func json(at now: Date) -> JSONValue {
    let status: JSONValue
    var revokedAt = JSONValue.null
    var reason = JSONValue.null
    switch self.status(at: now) {
    case .live: status = "valid"
    case .expired: status = "expired"
    case .revoked(let time, let text):
      status = "revoked"
      revokedAt = .string(Timestamp.text(time))
      reason = .string(text)
    }
    return [
      "principal": .string(entry.principal.uri), "status": status,
      "issued": .string(Timestamp.text(entry.time)),
      "not_after": .string(Timestamp.text(entry.notAfter)), "serial": .string(entry.serial),
      "fingerprint": .string(entry.fingerprint.hex), "revoked": revokedAt, "reason": reason,
    ]
  }
}
