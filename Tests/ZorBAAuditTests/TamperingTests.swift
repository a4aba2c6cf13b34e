import Testing
import ZorBAJSON
import ZorBATestSupport

@testable import ZorBAAudit

/// Every way to tamper with a copy, and the line that is named for it.
@Suite struct TamperingTests {
  private let log: LogUnderTest
  private let lines: [[UInt8]]

  init() throws {
    log = try LogUnderTest()
    try log.fill(24)
    lines = try log.lines()
  }

  @Test func anUntouchedLogIsSound() throws {
    let report = try AuditVerifier.verify(log.files.all)
    #expect(report.isSound, "\(report.findings)")
    #expect(report.records == 24)
    #expect(report.last?.n == 23)
  }

  @Test func everySingleByteCounts() throws {
    var generator = SeededGenerator(seed: 5)
    let small = try LogUnderTest()
    try small.fill(4)
    let whole = try small.read()
    var line = 1
    for place in whole.indices {
      guard whole[place] != UInt8(ascii: "\n") else {
        line += 1
        continue
      }
      var bytes = whole
      bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      guard bytes[place] != UInt8(ascii: "\n") else { continue }
      let report = try AuditVerifier.verify([try log.copy(bytes)])
      let finding = try #require(report.findings.first, "byte \(place) of line \(line)")
      #expect(finding.line == line)
      #expect(finding.kind == .edited)
      #expect(report.findings.allSatisfy { $0.line == line }, "\(report.findings)")
    }
  }

  @Test func lineBreaksCountToo() throws {
    let whole = try log.read()
    for (index, place) in whole.indices.filter({ whole[$0] == UInt8(ascii: "\n") }).enumerated() {
      var bytes = whole
      bytes.remove(at: place)
      let report = try AuditVerifier.verify([try log.copy(bytes)])
      #expect(report.findings.first?.line == index + 1)
      #expect(report.findings.first?.kind == (index == 23 ? .torn : .edited))
      bytes = whole
      bytes.insert(UInt8(ascii: "\n"), at: place)
      let inserted = try AuditVerifier.verify([try log.copy(bytes)])
      #expect(inserted.findings.map(\.line) == [index + 2])
    }
  }

  @Test func droppedRecordsAreNamedWithTheirLine() throws {
    for first in 1..<23 {
      for count in 1...min(3, 23 - first) {
        var left = lines
        left.removeSubrange(first..<first + count)
        let report = try AuditVerifier.verify([try log.copy(lines: left)])
        #expect(report.findings.map(\.kind) == [.dropped])
        #expect(report.findings.first?.line == first + 1)
        #expect(report.findings.first?.n == first)
      }
    }
    let headless = try AuditVerifier.verify([try log.copy(lines: Array(lines.dropFirst()))])
    #expect(headless.findings.map(\.kind) == [.head, .dropped])
  }

  @Test func reorderedRecordsAreNamed() throws {
    for place in 1..<23 {
      var swapped = lines
      swapped.swapAt(place, place + 1)
      let report = try AuditVerifier.verify([try log.copy(lines: swapped)])
      #expect(report.findings.map(\.kind) == [.reordered], "\(report.findings)")
      #expect(report.findings.first?.line == place + 2)
      #expect(report.findings.first?.n == place)
    }
    // A record moved a long way.
    var moved = lines
    moved.insert(moved.remove(at: 3), at: 20)
    let report = try AuditVerifier.verify([try log.copy(lines: moved)])
    #expect(report.findings.map(\.kind) == [.reordered])
    #expect(report.findings.first?.line == 21)
  }

  @Test func repeatedRecordsAreNamed() throws {
    var repeated = lines
    repeated.insert(lines[4], at: 9)
    let report = try AuditVerifier.verify([try log.copy(lines: repeated)])
    #expect(report.findings.map(\.kind) == [.repeated])
    #expect(report.findings.first?.line == 10)
  }

  @Test func aCutEndIsFoundByAnAnchorAndOnlyByOne() throws {
    let last = try AuditRecord(line: lines[23])
    let anchor = AuditAnchor(last, key: try #require(AuditVerifier.verify(log.files.all).head?.key))
    for count in 1..<24 {
      let copy = try log.copy(lines: Array(lines.prefix(count)))
      #expect(try AuditVerifier.verify([copy]).isSound)
      let report = try AuditVerifier.verify([copy], anchors: [anchor])
      #expect(report.findings.map(\.kind) == [.truncated])
      #expect(report.findings.first?.line == count)
      #expect(report.findings.first?.n == 23)
    }
    let whole = try AuditVerifier.verify(log.files.all, anchors: [anchor])
    #expect(whole.isSound && whole.anchored == 1)
    #expect(try AuditAnchor(parsing: Array(anchor.json.serialized.utf8)) == anchor)
  }

  @Test func anotherHistoryUnderTheSameKeyIsAFork() throws {
    let whole = try AuditVerifier.verify(log.files.all)
    let anchor = AuditAnchor(try AuditRecord(line: lines[15]), key: try #require(whole.head?.key))
    // The keeper goes back to record 9 and writes on differently.
    let other = try LogUnderTest()
    _ = try other.copy(try log.read(log.files.key), "audit.jsonl.key")
    try makePrivate("\(other.folder)/audit.jsonl.key")
    _ = try other.copy(lines: Array(lines.prefix(10)), "audit.jsonl")
    try other.fill(14, seed: 99)
    let fork = try AuditVerifier.verify(other.files.all)
    #expect(fork.isSound, "a fork alone looks whole: \(fork.findings)")
    let anchored = try AuditVerifier.verify(other.files.all, anchors: [anchor])
    #expect(anchored.findings.map(\.kind) == [.forked])
    #expect(anchored.findings.first?.line == 16)
    #expect(
      try AuditComparison.compare(log.files.all, other.files.all)
        == .forked(file: log.path, line: 11, n: 10))
    // The other history's end spliced onto this one's middle.
    let spliced = Array(lines.prefix(13)) + (try other.lines()).dropFirst(13)
    let report = try AuditVerifier.verify([try log.copy(lines: spliced)])
    #expect(report.findings.map(\.kind) == [.forked])
    #expect(report.findings.first?.line == 14)
  }

  @Test func copiesOfDifferentAgeAreNoFork() throws {
    let old = try log.copy(lines: Array(lines.prefix(7)))
    #expect(
      try AuditComparison.compare([old], log.files.all)
        == .prefix(shorterIsFirst: true, missingFrom: 7))
    #expect(try AuditComparison.compare(log.files.all, log.files.all) == .equal)
  }

  @Test func anotherKeysRecordsAreNotTaken() throws {
    let other = try LogUnderTest()
    try other.fill(24)
    var mixed = lines
    mixed[12] = try other.lines()[12]
    let report = try AuditVerifier.verify([try log.copy(lines: mixed)])
    #expect(report.findings.map(\.kind) == [.edited])
    #expect(report.findings.first?.line == 13)
  }

  @Test func anyMutationOfAnyLogIsFound() throws {
    let whole = try log.read()
    let anchor = AuditAnchor(
      try AuditRecord(line: lines[23]),
      key: try #require(AuditVerifier.verify(log.files.all).head?.key))
    var mutator = Mutator(seed: 11)
    for _ in 0..<500 {
      let bytes = mutator.mutate(whole)
      guard bytes != whole else { continue }
      let report = try AuditVerifier.verify([try log.copy(bytes)], anchors: [anchor])
      #expect(!report.isSound)
      // Everything before the first changed byte is whole, so nothing is named before its line.
      let first =
        zip(bytes, whole).enumerated().first { $1.0 != $1.1 }?.offset
        ?? min(bytes.count, whole.count)
      let line = whole[..<first].count { $0 == UInt8(ascii: "\n") } + 1
      let named = report.findings.map(\.line).min() ?? 0
      #expect(named >= line - 1 && named <= line + 1, "\(line): \(report.findings.prefix(3))")
    }
  }
}
