import Foundation
import Testing
import ZorBAAudit
import ZorBAAuditIdentity
import ZorBADiagnostics
import ZorBAIdentity
import ZorBAJSON

/// What an authority issued and revoked, in a log that its root key vouches for.
@Suite(.timeLimit(.minutes(2))) struct AuthorityLogTests {
  @Test func severalCommandsShareOneLogAndTheRootProvesIt() async throws {
    let folder = try TemporaryFolder()
    let authority = try CertificateAuthority.create(
      folder: folder.path("pki"), federation: "hearts", now: Date())
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<6 {
        group.addTask {
          for step in 0..<3 {
            try? AuthorityLog.record(
              AuditEntry(
                .identityApproved, detail: ["by": .integer(number), "step": .integer(step)]),
              of: authority)
          }
        }
      }
    }
    let path = AuthorityLog.path(authority.folder)
    let report = try AuditVerifier.verify(LogFiles(path).all)
    #expect(report.isSound && report.records == 19, "\(report.findings)")
    let head = try #require(report.head)
    #expect(
      KeeperProof(head, anchor: authority.anchor) == .proved(keeper: "zorba://hearts/authority"))
    #expect(KeeperProof(head, anchor: nil) == .claimed(keeper: "zorba://hearts/authority"))
    let other = try CertificateAuthority.create(
      folder: folder.path("other"), federation: "hearts", now: Date())
    guard case .failed = KeeperProof(head, anchor: other.anchor) else {
      Issue.record("another authority of the same name passes")
      return
    }
  }

  @Test func amembersCertificateIsHeldAgainstTheAuthority() throws {
    let folder = try TemporaryFolder()
    let authority = try CertificateAuthority.create(
      folder: folder.path("pki"), federation: "hearts", now: Date())
    let site = try authority.provision(
      folder: folder.path("site"),
      principal: Principal(federation: "hearts", role: .site, name: "a"), now: Date()
    ).load()
    let log = try AuditLog(path: folder.path("audit.jsonl"), keeper: IdentityKeeper(site))
    try log.append(AuditEntry(.serviceStarted))
    let head = try #require(try AuditVerifier.verify(log.files.all).head)
    #expect(KeeperProof(head, anchor: authority.anchor) == .proved(keeper: "zorba://hearts/site/a"))
    let stranger = try CertificateAuthority.create(
      folder: folder.path("other"), federation: "hearts", now: Date())
    var renamed = head
    renamed.keeper = "zorba://hearts/site/b"
    var unsigned = head
    unsigned.certification = []
    var bare = head
    bare.certificates = []
    for (head, anchor) in [
      (head, stranger.anchor), (renamed, authority.anchor), (unsigned, authority.anchor),
      (bare, authority.anchor),
    ] {
      guard case .failed = KeeperProof(head, anchor: anchor) else {
        Issue.record("a head that proves nothing passes: \(head.keeper ?? "")")
        continue
      }
    }
    // Its key is the log's for as long as the log goes on; a renewed certificate changes nothing.
    #expect(site.principal.uri == head.keeper)
  }
}
