import Foundation
import Testing
import ZorBADiagnostics
import ZorBAIdentity

@Suite struct RevocationTests {
  private let federation: TestFederation
  private let now = TestFederation.now

  init() throws { federation = try TestFederation() }

  @Test func namesSerialsAndFingerprintsRevoke() throws {
    let authority = federation.authority
    for index in 0..<6 { try federation.member(.site, "s\(index)") }
    let entries = try authority.list().map(\.entry)
    let subjects = [
      "s0", "site/s1", "zorba://hearts/site/s2", entries[3].serial, entries[4].fingerprint.hex,
      String(entries[5].fingerprint.grouped.prefix(19)),
    ]
    for (index, subject) in subjects.enumerated() {
      let revoked = try authority.revoke(subject, reason: "test \(index)", now: now)
      #expect(revoked.map(\.serial) == [entries[index].serial])
    }
    for certificate in try authority.list() {
      guard case .revoked(let time, _) = certificate.status(at: now) else {
        Issue.record("\(certificate) is not revoked")
        continue
      }
      #expect(time == now)
    }
  }

  @Test func everyCertificateOfANameIsRevoked() throws {
    let (folder, leaf) = try federation.member()
    let request = try folder.makeRenewalRequest()
    _ = try federation.authority.renew(request, of: leaf, now: now)
    try federation.member(.site, "clinic-b")
    #expect(try federation.authority.revoke("clinic-a", reason: "gone", now: now).count == 2)
    #expect(try federation.authority.list().count { $0.status(at: now) == .live } == 1)
  }

  @Test func whatCannotBeRevokedIsNamed() throws {
    let authority = federation.authority
    try federation.member(.site, "alex")
    try federation.member(.operator, "alex")
    expectError(.refused, naming: "alex", "site/alex", "operator/alex") {
      _ = try authority.revoke("alex", reason: "x", now: now)
    }
    expectError(.refused, naming: "'nobody'", "zorba pki list") {
      _ = try authority.revoke("nobody", reason: "x", now: now)
    }
    for reason in ["", String(repeating: "x", count: 501)] {
      expectError(.invalidConfiguration, naming: "--reason", "\(reason.count) bytes") {
        _ = try authority.revoke("site/alex", reason: reason, now: now)
      }
    }
    _ = try authority.revoke("site/alex", reason: "left the study", now: now)
    expectError(.refused, naming: "site 'alex'", "2026-03-01T12:00:00Z", "left the study") {
      _ = try authority.revoke("site/alex", reason: "x", now: now.addingTimeInterval(60))
    }
    expectError(.refused, naming: "operator 'alex'", "expired on 2026-03-31T12:00:00Z") {
      _ = try authority.revoke(
        "operator/alex", reason: "x", now: now.addingTimeInterval(40 * 86_400))
    }
  }

  @Test func aRegisterIsReadAgainWhenItChanged() throws {
    try federation.member()
    let serial = try #require(try federation.authority.list().first).entry.serial
    let revocations = try Revocations(path: federation.registerPath)
    #expect(try revocations.entry(revoking: serial) == nil)
    #expect(try !revocations.refresh())
    try federation.member(.site, "clinic-b")
    #expect(try !revocations.refresh())
    _ = try federation.authority.revoke("clinic-a", reason: "gone", now: now)
    #expect(try revocations.refresh())
    #expect(try revocations.entry(revoking: serial)?.reason == "gone")
  }

  @Test func aCopyServesACoordinatorWithoutTheAuthority() throws {
    try federation.member()
    let serial = try #require(try federation.authority.list().first).entry.serial
    _ = try federation.authority.revoke("clinic-a", reason: "gone", now: now)
    let copy = federation.root + "/revoked.jsonl"
    let lines = try federation.text("authority/register.jsonl").split(separator: "\n")
      .filter { $0.contains("\"revoked\"") }
    try federation.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: copy)
    let revocations = try Revocations(path: copy)
    #expect(try revocations.entry(revoking: serial) != nil)
    // A shorter copy, or one that is being written, brings nobody back.
    try federation.write([], to: copy)
    #expect(try revocations.entry(revoking: serial) != nil)
  }

  @Test func nobodyPassesWhenTheRegisterCannotBeRead() throws {
    let leaf = try federation.member().leaf
    let path = federation.registerPath
    let good = try federation.bytes(path)
    let revocations = try Revocations(path: path)
    func admit() throws {
      _ = try federation.anchor.admit(leaf, as: [.site], now: now, revocations: revocations)
    }
    try federation.write(Array("not a register\n".utf8) + good, to: path)
    for _ in 0..<2 {
      let error = expectError(
        .refused, naming: "clinic-a", "cannot read", "register.jsonl:1"
      ) { try admit() }
      #expect(error?.message.contains("register.jsonl") == false)
    }
    try FileManager.default.removeItem(atPath: path)
    expectError(.refused, naming: "clinic-a", "cannot read", path) { try admit() }
    expectError(.inputOutput, naming: path) { _ = try Revocations(path: path) }
    try federation.write(good, to: path)
    try admit()
  }
}
