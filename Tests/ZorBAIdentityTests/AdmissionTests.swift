import Foundation
import SwiftASN1
import Testing
import X509
import ZorBADiagnostics
import ZorBAIdentity

@Suite struct AdmissionTests {
  private let federation: TestFederation
  private let now = TestFederation.now

  init() throws { federation = try TestFederation() }

  private func refusal(
    of leaf: [UInt8], as roles: Set<Principal.Role> = [.site], now: Date = TestFederation.now,
    naming parts: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = expectError(.refused, sourceLocation: sourceLocation) {
      _ = try federation.anchor.admit(leaf, as: roles, now: now, revocations: nil)
    }
    for part in parts {
      // A peer sees the message and the advice alone.
      let sentence = "\(error?.message ?? "") \(error?.advice ?? "")"
      #expect(sentence.contains(part), "\(sentence)", sourceLocation: sourceLocation)
    }
  }

  @Test func everyRoleIsAdmittedWhereItBelongs() throws {
    for role in Principal.Role.allCases {
      let name = role == .coordinator ? "coordinator" : "x"
      let leaf = try federation.member(role, name).leaf
      #expect(
        try federation.anchor.admit(leaf, as: [role], now: now, revocations: nil)
          == federation.principal(role, name))
      for other in Principal.Role.allCases where other != role {
        let article = other == .operator ? "an" : "a"
        refusal(
          of: leaf, as: [other], naming: role.rawValue,
          "certificate of \(article) \(other.rawValue)")
      }
    }
    let site = try federation.member().leaf
    refusal(
      of: site, as: [.coordinator, .operator], naming: "a coordinator or an operator", "clinic-a")
  }

  @Test func datesAreChecked() throws {
    let leaf = try federation.member().leaf
    let start = now.addingTimeInterval(-300)
    let end = now.addingTimeInterval(30 * 86_400)
    for time in [start, end] {
      _ = try federation.anchor.admit(leaf, as: [.site], now: time, revocations: nil)
    }
    refusal(
      of: leaf, now: end.addingTimeInterval(1),
      naming: "site 'clinic-a' of federation 'hearts'", "expired on 2026-03-31T12:00:00Z",
      "zorba pki renew")
    let early = try federation.forged(from: now.addingTimeInterval(3600))
    refusal(
      of: early, naming: "clinic-a", "not valid before 2026-03-01T13:00:00Z",
      "now is 2026-03-01T12:00:00Z", "clocks")
    refusal(
      of: leaf, now: now.addingTimeInterval(-86_400), naming: "the authority of federation",
      "clock")
  }

  @Test func anotherAuthorityIsNotBelieved() throws {
    for name in ["hearts", "lungs"] {
      let other = try TestFederation(name)
      let foreign = try other.member()
      let serial = try withExtendedLifetime(other) { try foreign.folder.load().serial }
      refusal(of: foreign.leaf, naming: serial, "not issued by", "'hearts'")
      #expect(!federation.anchor.chainsToAuthority([foreign.leaf, federation.anchor.der]))
    }
    // A member's key signs for nobody.
    let member = try federation.member()
    #expect(federation.anchor.chainsToAuthority([member.leaf]))
    #expect(!federation.anchor.chainsToAuthority([]))
  }

  @Test func theAuthorityIsNoMember() throws {
    refusal(of: federation.anchor.der, naming: "names no principal", "zorba://hearts")
  }

  @Test func oneURIOfThisFederationIsNeeded() throws {
    refusal(of: try federation.forged(names: []), naming: "names no URI")
    refusal(
      of: try federation.forged(names: [.dnsName("clinic-a.example")]), naming: "names no URI")
    refusal(
      of: try federation.forged(names: [
        .uniformResourceIdentifier("zorba://hearts/site/clinic-a"),
        .uniformResourceIdentifier("zorba://hearts/site/clinic-b"),
      ]), naming: "2 URIs", "clinic-a", "clinic-b")
    refusal(
      of: try federation.forged(names: [.uniformResourceIdentifier("https://hearts/site/a")]),
      naming: "'https://hearts/site/a'")
    refusal(
      of: try federation.forged(names: [.uniformResourceIdentifier("zorba://lungs/site/clinic-a")]),
      naming: "site 'clinic-a' of federation 'lungs'", "federation 'hearts'")
  }

  @Test func purposesAreChecked() throws {
    for purposes: [ExtendedKeyUsage.Usage]? in [nil, [.serverAuth], [.codeSigning], [.any]] {
      refusal(
        of: try federation.forged(purposes: purposes), naming: "clinic-a", "clientAuth",
        "zorba pki request")
    }
    let coordinator = [GeneralName.uniformResourceIdentifier("zorba://hearts/coordinator")]
    refusal(
      of: try federation.forged(names: coordinator), as: [.coordinator],
      naming: "the coordinator of federation 'hearts'", "serverAuth")
    for usage in [
      nil, KeyUsage(keyAgreement: true), KeyUsage(digitalSignature: true, keyCertSign: true),
    ] {
      refusal(
        of: try federation.forged(usage: usage), naming: "clinic-a", "keyUsage digitalSignature")
    }
    for length in [nil, 0] {
      refusal(
        of: try federation.forged(constraints: .isCertificateAuthority(maxPathLength: length)),
        naming: "clinic-a", "CA:TRUE")
    }
    _ = try federation.anchor.admit(
      federation.forged(constraints: nil), as: [.site], now: now, revocations: nil)
  }

  @Test func criticalExtensionsMustBeUnderstood() throws {
    let unknown = Certificate.Extension(
      oid: [1, 3, 6, 1, 4, 1, 1], critical: true, value: [5, 0][...])
    refusal(
      of: try federation.forged(extra: [unknown]), naming: "clinic-a", "1.3.6.1.4.1.1", "critical")
  }

  @Test func revokedCertificatesAreRefused() throws {
    let leaf = try federation.member().leaf
    let revocations = try Revocations(path: federation.authority.folder)
    _ = try federation.anchor.admit(leaf, as: [.site], now: now, revocations: revocations)
    _ = try federation.authority.revoke("clinic-a", reason: "stolen key", now: now)
    let error = expectError(
      .refused, naming: "site 'clinic-a'", "revoked on 2026-03-01T12:00:00Z", "stolen key"
    ) {
      _ = try federation.anchor.admit(leaf, as: [.site], now: now, revocations: revocations)
    }
    #expect(error?.message.contains(federation.root) == false)
  }

  @Test func largeCertificatesAreNotRead() throws {
    let bytes = [UInt8](repeating: 0x30, count: 10_000_000)
    refusal(of: bytes, naming: "10000000 bytes")
    #expect(!federation.anchor.chainsToAuthority([bytes]))
  }
}
