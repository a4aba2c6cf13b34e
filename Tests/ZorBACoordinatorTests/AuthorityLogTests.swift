import Foundation
import Synchronization
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
  /// A log under a certificate of 30 days that began so many days after its first, and its last
  /// record.
  private func log(
    begun days: Double, last: Double
  ) throws -> (report: AuditReport, dates: KeeperValidity) {
    let folder = try TemporaryFolder()
    let issued = Date(timeIntervalSince1970: 1_700_000_000)
    let authority = try CertificateAuthority.create(
      folder: folder.path("pki"), federation: "hearts", now: issued)
    let site = try authority.provision(
      folder: folder.path("site"),
      principal: Principal(federation: "hearts", role: .site, name: "a"), now: issued
    ).load()
    let day = Mutex(days)
    var options = AuditLog.Options()
    options.clock = {
      AuditTime(milliseconds: 1_700_000_000_000 + Int64(day.withLock { $0 } * 86_400_000))
    }
    let log = try AuditLog(
      path: folder.path("audit.jsonl"), keeper: IdentityKeeper(site), options: options)
    day.withLock { $0 = last }
    try log.append(AuditEntry(.serviceStarted))
    var dates = KeeperValidity()
    let report = try AuditVerifier.verify(log.files.all) { dates.visit($0, file: $1, line: $2) }
    #expect(report.isSound && report.records == 2)
    // Who the keeper was is another question.
    let head = try #require(report.head)
    #expect(KeeperProof(head, anchor: authority.anchor) == .proved(keeper: "zorba://hearts/site/a"))
    return (report, dates)
  }

  /// Days after a certificate of 30 days, and what is to be said of them.
  struct Life: Sendable {
    var begun: Double
    var last: Double
    var isSigned: Bool
    var isOutlived: Bool
  }

  @Test(arguments: [
    Life(begun: 1, last: 29, isSigned: true, isOutlived: false),
    Life(begun: 1, last: 31, isSigned: true, isOutlived: true),
    Life(begun: 31, last: 32, isSigned: false, isOutlived: true),
    Life(begun: -2, last: 3, isSigned: false, isOutlived: false),
  ])
  func aLogBeginsWithinItsKeepersCertificate(life: Life) throws {
    let (report, dates) = try log(begun: life.begun, last: life.last)
    let head = try #require(report.head)
    let result = try #require(dates.result(head))
    #expect(result.isOutlived == life.isOutlived && result.isForerun == (life.begun < 0))
    #expect((result.finding == nil) == life.isSigned)
    if let finding = result.finding { #expect(finding.kind == .head && finding.line == 1) }
    #expect(result.words.contains("alone") == (life.isOutlived || life.begun < 0))
    #expect(result.notAfter.milliseconds - result.notBefore.milliseconds >= 30 * 86_400_000)
    var bare = head
    bare.certificates = [[0x30, 0x80]]
    #expect(dates.result(bare) == nil)
  }

  @Test func anAuthoritysLogIsWithinItsOwnCertificate() throws {
    let folder = try TemporaryFolder()
    let authority = try CertificateAuthority.create(
      folder: folder.path("pki"), federation: "hearts", now: Date())
    try AuthorityLog.record(AuditEntry(.identityApproved), of: authority)
    var dates = KeeperValidity()
    let path = AuthorityLog.path(authority.folder)
    let report = try AuditVerifier.verify(LogFiles(path).all) {
      dates.visit($0, file: $1, line: $2)
    }
    let head = try #require(report.head)
    let result = try #require(dates.result(head))
    #expect(result.finding == nil && !result.isOutlived && !result.isForerun)
  }
}
