import Foundation
import SwiftASN1
import Testing
import X509
import ZorBADiagnostics
import ZorBAIdentity

@Suite struct RenewalTests {
  private let later = TestFederation.now.addingTimeInterval(20 * 86_400)

  @Test(arguments: [true, false]) func aRenewalKeepsTheIdentity(_ withNewKey: Bool) throws {
    let federation = try TestFederation()
    let folder = try federation.member().folder
    let old = try folder.load()
    let request = try folder.makeRenewalRequest(withNewKey: withNewKey)
    // Until the new certificate is there, the old one works.
    #expect(try folder.load().keyPEM == old.keyPEM)
    let issued = try federation.authority.renew(
      SigningRequest(der: request.der), of: old.chain[0], now: later)
    let new = try folder.install(issued.chain)
    #expect(new.principal == old.principal)
    #expect(new.serial != old.serial)
    #expect(new.notAfter == later.addingTimeInterval(30 * 86_400))
    #expect((new.keyPEM != old.keyPEM) == withNewKey)
    #expect(try folder.load().keyPEM == new.keyPEM)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/key.next.pem"))
    for leaf in [old.chain[0], new.chain[0]] {
      _ = try federation.anchor.admit(
        leaf, as: [.site], now: later, revocations: Revocations(path: federation.registerPath))
    }
    #expect(try federation.authority.list().map(\.entry.event) == [.issued, .renewed])
  }

  @Test func aCrashBetweenCertificateAndKeyIsMended() throws {
    let federation = try TestFederation()
    let folder = try federation.member().folder
    let old = try folder.load()
    let oldKey = try federation.bytes(folder.path + "/key.pem")
    let request = try folder.makeRenewalRequest()
    let nextKey = try federation.bytes(folder.path + "/key.next.pem")
    let issued = try federation.authority.renew(request, of: old.chain[0], now: later)
    try folder.install(issued.chain)
    // The state after the certificate was written and before the key was renamed.
    let paths = (folder.path + "/key.pem", folder.path + "/key.next.pem")
    try federation.write(oldKey, to: paths.0)
    try federation.write(nextKey, to: paths.1)
    for path in [paths.0, paths.1] {
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }
    #expect(try folder.load().keyPEM + "\n" == String(decoding: nextKey, as: UTF8.self))
    let again = try folder.makeRenewalRequest()
    #expect(try federation.bytes(paths.0) == nextKey)
    let next = try federation.authority.renew(
      again, of: issued.certificate.der, now: later.addingTimeInterval(60))
    #expect(try folder.install(next.chain).serial == next.certificate.serial)
  }

  @Test func whoMayNotRenewIsTold() throws {
    let federation = try TestFederation()
    let authority = federation.authority
    let (folder, leaf) = try federation.member()
    let request = try folder.makeRenewalRequest()
    let other = try IdentityFolder(federation.root + "/b")
      .makeRequest(for: federation.principal(.site, "clinic-b"))
    expectError(.refused, naming: "clinic-a", "clinic-b") {
      _ = try authority.renew(other, of: leaf, now: federation.now)
    }
    let unknown = try federation.forged()
    expectError(.refused, naming: "clinic-a", "register", "serial") {
      _ = try authority.renew(request, of: unknown, now: federation.now)
    }
    let stranger = try TestFederation().member().leaf
    expectError(.refused, naming: "not issued by", "hearts") {
      _ = try authority.renew(request, of: stranger, now: federation.now)
    }
    let afterwards = federation.now.addingTimeInterval(30 * 86_400 + 1)
    expectError(.refused, naming: "clinic-a", "expired on 2026-03-31T12:00:00Z", "pki renew") {
      _ = try authority.renew(request, of: leaf, now: afterwards)
    }
    let issued = try authority.renew(request, of: leaf, mayHaveExpired: true, now: afterwards)
    _ = try authority.revoke("clinic-a", reason: "lost laptop", now: afterwards)
    for certificate in [leaf, issued.certificate.der] {
      expectError(.refused, naming: "clinic-a", "revoked on 2026-03-31T12:00:01Z", "lost laptop") {
        _ = try authority.renew(
          request, of: certificate, mayHaveExpired: true, now: afterwards.addingTimeInterval(60))
      }
    }
  }

  @Test func renewalsDoNotPileUp() throws {
    let federation = try TestFederation()
    let (folder, leaf) = try federation.member()
    let request = try folder.makeRenewalRequest()
    for _ in 1..<CertificateAuthority.mostLiveCertificates {
      _ = try federation.authority.renew(request, of: leaf, now: federation.now)
    }
    expectError(.refused, naming: "clinic-a", "8 valid certificates") {
      _ = try federation.authority.renew(request, of: leaf, now: federation.now)
    }
  }

  @Test func aCoordinatorKeepsItsHostNames() throws {
    let federation = try TestFederation()
    let hosts = try HostNames(dns: ["a.example"], ip: ["192.0.2.7"])
    let folder = try federation.authority.provision(
      folder: federation.root + "/coordinator", principal: .coordinator(of: "hearts"),
      hosts: hosts, now: federation.now)
    func names(_ issued: IssuedCertificate) throws -> [String] {
      try
        (Certificate(derEncoded: issued.certificate.der).extensions.subjectAlternativeNames
        ?? .init()).map { "\($0)" }
    }
    let request = try folder.makeRenewalRequest()
    let leaf = try folder.load().chain[0]
    let kept = try federation.authority.renew(request, of: leaf, now: federation.now)
    #expect(try names(kept).count == 3)
    #expect(try names(kept).joined().contains("a.example"))
    let moved = try federation.authority.renew(
      request, of: leaf, hosts: HostNames(dns: ["b.example"], ip: []), now: federation.now)
    #expect(try names(moved).count == 2)
    #expect(try names(moved).joined().contains("b.example"))
  }

  @Test func renewalIsDueAfterTwoThirdsOfTheLife() throws {
    let federation = try TestFederation()
    let folder = try federation.member(lifetime: CertificateLifetime(hours: 1)).folder
    let credentials = try withExtendedLifetime(federation) { try folder.load() }
    let life = 3900.0
    let start = credentials.notBefore
    #expect(!credentials.needsRenewal(now: start))
    #expect(!credentials.needsRenewal(now: start.addingTimeInterval(life * 2 / 3 - 1)))
    #expect(credentials.needsRenewal(now: start.addingTimeInterval(life * 2 / 3)))
    #expect(credentials.needsRenewal(now: start.addingTimeInterval(life * 2)))
  }
}
