import Testing

@testable import ZorBAAudit

@Suite struct JournalCheckTests {
  private func log(_ entries: [AuditEntry]) throws -> LogUnderTest {
    let log = try LogUnderTest()
    let opened = try log.open()
    for entry in entries { try opened.append(entry) }
    return log
  }

  private func findings(
    _ log: LogUnderTest, _ journal: [(round: Int, chain: String)]
  ) throws -> [AuditFinding] {
    var check = JournalCheck(run: "alpha")
    _ = try AuditVerifier.verify(log.files.all) { check.visit($0, file: $1, line: $2) }
    return check.findings(journal: journal)
  }

  private func committed(_ round: Int, _ digest: String, run: String = "alpha") -> AuditEntry {
    AuditEntry(.roundCommitted, run: run, round: round, digest: digest)
  }

  @Test func roundsThatAgreeAreNoFinding() throws {
    let log = try log([
      committed(1, "aa"), committed(1, "ff", run: "beta"), committed(2, "bb"), committed(3, "cc"),
      AuditEntry(.runRolledBack, run: "alpha", round: 1), committed(2, "dd"),
    ])
    #expect(try findings(log, [(1, "aa"), (2, "dd")]).isEmpty)
    #expect(try AuditHistory(log.files).lastRound == ["alpha": 2, "beta": 1])
  }

  @Test func whatOneOfThemLacksOrHasOtherwiseIsNamed() throws {
    let log = try log([committed(1, "aa"), committed(2, "bb"), committed(3, "cc")])
    let changed = try findings(log, [(1, "aa"), (2, "be"), (3, "cc")])
    #expect(changed.map(\.line) == [3] && changed.map(\.kind) == [.journal])
    #expect(try findings(log, [(1, "aa"), (2, "bb")]).map(\.line) == [4])
    #expect(try findings(log, [(1, "aa"), (2, "bb"), (3, "cc"), (4, "dd")]).count == 1)
    let unknown = try self.log([committed(1, "aa", run: "beta")])
    #expect(try findings(unknown, [(1, "aa")]).count == 1)
  }
}
