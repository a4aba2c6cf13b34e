import Foundation
import Testing
import ZorBADiagnostics
import ZorBAIdentity

@Suite struct EnrolmentTests {
  @Test func aSiteEnrolsByRequestApprovalAndInstallation() throws {
    let federation = try TestFederation()
    let site = try federation.principal(.site, "clinic-a")
    let folder = IdentityFolder(federation.root + "/site")
    let made = try folder.makeRequest(for: site)
    let request = try SigningRequest(file: folder.requestPath)
    #expect(request.fingerprint == made.fingerprint)
    #expect(request.principal == site)

    let issued = try federation.authority.approve(
      request, fingerprint: made.fingerprint.grouped, now: federation.now)
    try issued.write(to: federation.root + "/chain.pem")
    try folder.install(
      file: federation.root + "/chain.pem", authority: federation.anchor.fingerprint.grouped)

    let credentials = try folder.load()
    #expect(credentials.principal == site)
    #expect(credentials.authorityDER == federation.anchor.der)
    #expect(credentials.chain == [issued.certificate.der])
    #expect(credentials.notBefore == federation.now.addingTimeInterval(-300))
    #expect(credentials.notAfter == federation.now.addingTimeInterval(30 * 86_400))
    #expect(credentials.serial.count == 40)
    #expect(federation.anchor.chainsToAuthority(credentials.chain))
    #expect(
      try federation.anchor.admit(
        issued.certificate.der, as: [.site], now: federation.now,
        revocations: Revocations(path: federation.authority.folder)) == site)
  }

  @Test func filesHaveTheModesThatAreDocumented() throws {
    let federation = try TestFederation()
    let folder = try federation.member().folder
    let authority = federation.authority.folder
    #expect(try federation.mode(authority) == 0o700)
    #expect(try federation.mode(authority + "/authority.key") == 0o600)
    #expect(try federation.mode(authority + "/register.jsonl") == 0o600)
    #expect(try federation.mode(authority + "/authority.pem") & 0o022 == 0)
    #expect(try federation.mode(folder.path) == 0o700)
    #expect(try federation.mode(folder.path + "/key.pem") == 0o600)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == ["authority.pem", "certificate.pem", "key.pem", "request.pem"])
  }

  @Test(arguments: [0o640, 0o604, 0o620, 0o602, 0o610])
  func keysThatOthersCanReachAreRefused(_ mode: Int) throws {
    let federation = try TestFederation()
    let folder = try federation.member().folder
    let authority = federation.authority.folder
    for path in [folder.path + "/key.pem", authority + "/authority.key"] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }
    let digits = String(mode, radix: 8)
    expectError(.refused, naming: folder.path + "/key.pem", digits, "chmod 600") {
      _ = try folder.load()
    }
    expectError(.refused, naming: authority + "/authority.key", digits, "chmod 600") {
      _ = try CertificateAuthority.open(folder: authority)
    }
  }

  @Test func aFingerprintThatDiffersIsRefusedAndBothAreShown() throws {
    let federation = try TestFederation()
    let request = try IdentityFolder(federation.root + "/site")
      .makeRequest(for: federation.principal(.site, "clinic-a"))
    let wrong = String(repeating: "0123", count: 16)
    expectError(.refused, naming: request.fingerprint.grouped, wrong, "clinic-a") {
      _ = try federation.authority.approve(request, fingerprint: wrong, now: federation.now)
    }
    for text in ["", "abc", String(request.fingerprint.hex.prefix(15)), "xyz" + wrong, wrong + "0"]
    {
      expectError(.invalidConfiguration, naming: "fingerprint") {
        _ = try federation.authority.approve(request, fingerprint: text, now: federation.now)
      }
    }
    #expect(try federation.authority.list().isEmpty)
    let typed = "SHA256:" + request.fingerprint.grouped.uppercased().prefix(19)
    _ = try federation.authority.approve(request, fingerprint: typed, now: federation.now)
    #expect(try federation.authority.list().map(\.entry.fingerprint) == [request.fingerprint])
  }

  @Test func aNameHasOneEnrolmentUnlessItIsReplaced() throws {
    let federation = try TestFederation()
    let first = try federation.member()
    let request = try IdentityFolder(federation.root + "/second")
      .makeRequest(for: federation.principal(.site, "clinic-a"))
    let authority = federation.authority
    expectError(.refused, naming: "clinic-a", "2026-03-31T12:00:00Z", "--replace") {
      _ = try authority.approve(
        request, fingerprint: request.fingerprint.hex, now: federation.now)
    }
    let revocations = try Revocations(path: federation.registerPath)
    let issued = try authority.approve(
      request, fingerprint: request.fingerprint.hex, isReplacement: true, now: federation.now)
    expectError(.refused, naming: "clinic-a", "revoked", issued.certificate.serial) {
      _ = try federation.anchor.admit(
        first.leaf, as: [.site], now: federation.now, revocations: revocations)
    }
    _ = try federation.anchor.admit(
      issued.certificate.der, as: [.site], now: federation.now, revocations: revocations)
    // After it has expired the name is free again.
    let third = try IdentityFolder(federation.root + "/third").makeRequest(for: request.principal)
    _ = try authority.approve(
      third, fingerprint: third.fingerprint.hex, now: federation.now.addingTimeInterval(31 * 86_400)
    )
  }

  @Test func aRequestForAnotherFederationIsRefused() throws {
    let federation = try TestFederation()
    let request = try IdentityFolder(federation.root + "/site")
      .makeRequest(for: Principal(federation: "lungs", role: .site, name: "clinic-a"))
    expectError(.refused, naming: "lungs", "hearts") {
      _ = try federation.authority.approve(
        request, fingerprint: request.fingerprint.hex, now: federation.now)
    }
  }

  @Test func hostNamesAreForCoordinatorsOnly() throws {
    let federation = try TestFederation()
    let hosts = try HostNames(dns: ["a.example"], ip: ["192.0.2.7", "2001:db8::7"])
    expectError(.invalidConfiguration, naming: "--dns", "clinic-a") {
      _ = try federation.authority.provision(
        folder: federation.root + "/site", principal: federation.principal(.site, "clinic-a"),
        hosts: hosts, now: federation.now)
    }
    for name in ["", "-a", "a..b", "a b", "é.example", String(repeating: "a", count: 64)] {
      expectError(.invalidConfiguration, naming: "--dns", "'\(name.prefix(60))") {
        _ = try HostNames(dns: [name], ip: [])
      }
    }
    for address in ["", "1.2.3", "1.2.3.256", "::g", "a.example"] {
      expectError(.invalidConfiguration, naming: "--ip", "'\(address)'") {
        _ = try HostNames(dns: [], ip: [address])
      }
    }
  }

  @Test func askingAgainKeepsTheKeyUntilACertificateIsInstalled() throws {
    let federation = try TestFederation()
    let site = try federation.principal(.site, "clinic-a")
    let folder = IdentityFolder(federation.root + "/site")
    let first = try folder.makeRequest(for: site)
    #expect(try folder.makeRequest(for: site).fingerprint == first.fingerprint)
    let issued = try federation.authority.approve(
      first, fingerprint: first.fingerprint.hex, now: federation.now)
    try folder.install(issued.chain)
    expectError(.refused, naming: "certificate.pem", "zorba pki renew") {
      _ = try folder.makeRequest(for: site)
    }
  }

  @Test func onlyTheCertificateOfTheFoldersOwnKeyIsInstalled() throws {
    let federation = try TestFederation()
    let other = try federation.member(.site, "clinic-b")
    let folder = IdentityFolder(federation.root + "/site")
    let request = try folder.makeRequest(for: federation.principal(.site, "clinic-a"))
    expectError(
      .invalidData, naming: "clinic-b", request.fingerprint.grouped, folder.path + "/key.pem"
    ) {
      try folder.install([other.leaf, federation.anchor.der])
    }
    expectError(.invalidData, naming: "does not contain the authority") {
      try folder.install([other.leaf])
    }
    let issued = try federation.authority.approve(
      request, fingerprint: request.fingerprint.hex, now: federation.now)
    expectError(.refused, naming: federation.anchor.fingerprint.grouped, "zorba pki init") {
      try folder.install(issued.chain, authority: request.fingerprint.hex)
    }
    expectError(.invalidConfiguration, naming: folder.path, "zorba pki request") {
      _ = try folder.load()
    }
  }

  @Test func aFolderStaysWithItsAuthority() throws {
    let federation = try TestFederation()
    let other = try TestFederation("hearts")
    let folder = try federation.member().folder
    let before = try folder.load().serial
    let request = try folder.makeRenewalRequest(withNewKey: false)
    let foreign = try other.authority.approve(
      request, fingerprint: request.fingerprint.hex, now: federation.now)
    expectError(.refused, naming: "another authority", federation.anchor.fingerprint.grouped) {
      try folder.install(foreign.chain)
    }
    expectError(.invalidData, naming: foreign.certificate.serial, "not issued by") {
      try folder.install([foreign.certificate.der])
    }
    #expect(try folder.load().serial == before)
  }

  @Test func anAuthorityIsNeverMadeOverAnother() throws {
    let federation = try TestFederation()
    expectError(.refused, naming: "authority.key", "another folder") {
      _ = try CertificateAuthority.create(
        folder: federation.authority.folder, federation: "hearts", now: federation.now)
    }
    expectError(.inputOutput, naming: federation.root, "zorba pki init") {
      _ = try CertificateAuthority.open(folder: federation.root)
    }
    let again = try CertificateAuthority.open(folder: federation.authority.folder)
    #expect(again.anchor.der == federation.anchor.der)
    #expect(again.federation == "hearts")
  }

  @Test func livesAreBounded() throws {
    for seconds in [Int.min, -1, 0, 3599, 397 * 86_400 + 1, Int.max] {
      expectError(.invalidConfiguration, naming: "\(seconds)") {
        _ = try CertificateLifetime(seconds: seconds)
      }
    }
    expectError(.invalidConfiguration, naming: "398") { _ = try CertificateLifetime(days: 398) }
    expectError(.invalidConfiguration) { _ = try CertificateLifetime(days: .max, hours: .max) }
    let federation = try TestFederation()
    let hour = try federation.member(lifetime: CertificateLifetime(hours: 1)).folder.load()
    #expect(hour.notAfter == federation.now.addingTimeInterval(3600))
    // A certificate never outlives its authority.
    let late = federation.now.addingTimeInterval(10 * 365.25 * 86_400 - 7200)
    let last = try federation.member(.site, "late", at: late).folder.load()
    #expect(last.notAfter == late.addingTimeInterval(7200))
    expectError(.refused, naming: "the authority of federation 'hearts'", "zorba pki init") {
      try federation.member(.site, "later", at: late.addingTimeInterval(7201))
    }
  }
}
