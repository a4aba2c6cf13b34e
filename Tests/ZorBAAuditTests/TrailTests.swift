import Testing
import ZorBADiagnostics
import ZorBAFiles
import ZorBAJSON

@testable import ZorBAAudit

/// The trail of a service: acts are refused, what happened waits.
@Suite struct TrailTests {
  private func trail(
    _ log: LogUnderTest, _ calls: FileSystemCalls = .system
  ) throws -> AuditTrail {
    var options = LogUnderTest.options()
    options.calls = calls
    return try AuditTrail(path: log.path, keeper: nil, options: options)
  }

  @Test func strangersFillNoLog() throws {
    let log = try LogUnderTest()
    let trail = try trail(log)
    let start = AuditTime(milliseconds: 1_000_000)
    for number in 0..<500 {
      trail.noteStranger(
        AuditEntry(.identityRefused, by: "unknown", detail: ["n": .integer(number)]), now: start)
    }
    let later = AuditTime(milliseconds: 1_060_000)
    trail.noteStranger(AuditEntry(.identityRefused, by: "unknown"), now: later)
    var records: [AuditRecord] = []
    let report = try AuditVerifier.verify(log.files.all) { record, _, _ in records.append(record) }
    #expect(report.isSound && records.count == 62)
    #expect(records.last?.entry.detail["left_out"]?.integer == 440)
  }

  @Test func theListOfKindsIsClosedAndDocumented() throws {
    let known = Set(AuditKind.allCases.map(\.rawValue))
    #expect(known.count == AuditKind.allCases.count)
    for kind in AuditKind.allCases {
      #expect(AuditKind(rawValue: kind.rawValue) == kind)
      #expect(!kind.rawValue.hasPrefix("operator.") || kind.isDurable)
    }
  }

  @Test func valuesThatNoRecordCanHaveAreMadeFit() throws {
    let log = try LogUnderTest()
    let trail = try trail(log)
    trail.note(
      AuditEntry(
        .runWarning, by: "a\nb", run: String(repeating: "x", count: 999), round: -4, digest: "XY",
        detail: ["loss": .number(0.5), "text": "line\u{0}\u{1B}[31m"]))
    var records: [AuditRecord] = []
    _ = try AuditVerifier.verify(log.files.all) { record, _, _ in records.append(record) }
    let entry = try #require(records.last?.entry)
    #expect(entry.actor == "a b" && entry.round == 0 && entry.digest == nil)
    #expect((entry.run?.utf8.count ?? 0) <= 256)
    #expect(entry.detail["loss"]?.string == "0.5" && entry.detail["text"]?.string == "line  [31m")
  }
}
