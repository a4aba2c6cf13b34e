import ArgumentParser
import Foundation
import Testing
import ZorBADiagnostics
import ZorBAIdentity
import ZorBAIdentityCommands

@Suite struct CommandTests {
  private let root: TestFolder

  init() throws { root = try TestFolder() }

  private func pki(_ arguments: String...) throws {
    var command = try PKICommand.parseAsRoot(arguments + ["--json", "--quiet"])
    try command.run()
  }

  @Test func aFederationIsRunByCommandsAlone() throws {
    let (authority, site, chain) = (root.path("ca"), root.path("site"), root.path("chain.pem"))
    try pki("init", "--federation", "hearts", "--out", authority, "--dns", "a.example")
    try pki("request", "--federation", "hearts", "--site", "clinic-a", "--out", site)
    let request = try SigningRequest(file: site + "/request.pem")
    try pki(
      "approve", site + "/request.pem", "--authority", authority, "--fingerprint",
      request.fingerprint.grouped, "--days", "7", "--out", chain)
    let anchor = try CertificateAuthority.open(folder: authority).anchor
    try pki(
      "install", chain, "--identity", site, "--authority-fingerprint", anchor.fingerprint.hex)
    let first = try IdentityFolder(site).load()
    #expect(first.principal.uri == "zorba://hearts/site/clinic-a")
    #expect(first.notAfter.timeIntervalSince(first.notBefore) == 7 * 86_400 + 300)

    try pki("renew", "--authority", authority, "--identity", site)
    let second = try IdentityFolder(site).load()
    #expect(second.serial != first.serial)
    #expect(second.keyPEM != first.keyPEM)
    try pki("renew", "--authority", authority, "--identity", authority + "/coordinator")

    try pki("list", "--authority", authority, "--all")
    try pki("revoke", "clinic-a", "--authority", authority, "--reason", "end of the study")
    let revocations = try Revocations(path: authority)
    for credentials in [first, second] {
      #expect(try revocations.entry(revoking: credentials.serial)?.reason == "end of the study")
    }
    expectError(.refused, naming: "clinic-a", "end of the study") {
      try pki("renew", "--authority", authority, "--identity", site)
    }
    #expect(try IdentityFolder(site).load().serial == second.serial)
  }

  /// Without --json and --quiet: what people see does not stop a command from doing its work.
  @Test func commandsSpeakToPeopleToo() throws {
    func pki(_ arguments: String...) throws {
      var command = try PKICommand.parseAsRoot(arguments)
      try command.run()
    }
    let (authority, site, chain) = (root.path("ca"), root.path("site"), root.path("chain.pem"))
    try pki("init", "--federation", "hearts", "--out", authority)
    try pki("list", "--authority", authority)
    try pki("request", "--federation", "hearts", "--site", "clinic-a", "--out", site)
    let digits = try SigningRequest(file: site + "/request.pem").fingerprint.hex
    try pki(
      "approve", site + "/request.pem", "--authority", authority, "--fingerprint", digits, "--out",
      chain)
    try pki("install", chain, "--identity", site)
    try pki("renew", "--authority", authority, "--identity", site, "--keep-key", "--hours", "1")
    try pki("revoke", digits, "--authority", authority, "--reason", "end of the study")
    try pki("list", "--authority", authority, "--all")
    let certificates = try CertificateAuthority.open(folder: authority).list()
    #expect(certificates.map { $0.revocation != nil } == [false, true, true])
  }

  @Test func aChainThatCannotBeWrittenIsNotLost() throws {
    let (authority, site) = (root.path("ca"), root.path("site"))
    try pki("init", "--federation", "hearts", "--out", authority)
    try pki("request", "--federation", "hearts", "--operator", "alex", "--out", site)
    let request = try SigningRequest(file: site + "/request.pem")
    let arguments = [
      "approve", site + "/request.pem", "--authority", authority, "--fingerprint",
      request.fingerprint.hex, "--quiet", "--out",
    ]
    let error = expectError(.inputOutput, naming: root.path("none/chain.pem"), "--replace") {
      var command = try PKICommand.parseAsRoot(arguments + [root.path("none/chain.pem")])
      try command.run()
    }
    #expect(error != nil)
    var again = try PKICommand.parseAsRoot(arguments + [root.path("chain.pem"), "--replace"])
    try again.run()
    try pki("install", root.path("chain.pem"), "--identity", site)
  }

  @Test(arguments: [
    ["request", "--federation", "hearts", "--out", "x"],
    ["request", "--federation", "hearts", "--out", "x", "--site", "a", "--operator", "b"],
    ["request", "--federation", "hearts", "--out", "x", "--site", "a", "--coordinator"],
    ["revoke", "a", "--authority", "x"],
    ["approve", "r.pem", "--authority", "x", "--out", "c.pem"],
  ])
  func incompleteCommandLinesAreNotUnderstood(_ arguments: [String]) {
    #expect(throws: (any Error).self) { _ = try PKICommand.parseAsRoot(arguments) }
  }

  @Test func nothingIsMadeForANameThatIsNone() throws {
    expectError(.invalidConfiguration, naming: "'Hearts'", "federation") {
      try pki("init", "--federation", "Hearts", "--out", root.path("ca"))
    }
    expectError(.invalidConfiguration, naming: "'clinic a'", "site") {
      try pki(
        "request", "--federation", "hearts", "--site", "clinic a", "--out", root.path("site"))
    }
    expectError(.invalidConfiguration, naming: "0 seconds") {
      try pki("init", "--federation", "hearts", "--out", root.path("ca"), "--days", "0")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: root.path).isEmpty)
  }
}

/// A folder that is gone after the test.
private final class TestFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/zorba-pki-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func path(_ name: String) -> String { "\(path)/\(name)" }
}
