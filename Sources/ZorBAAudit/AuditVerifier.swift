import Crypto
import ZorBADiagnostics

/// Reads a copy of a log from its first line to its last and says what is wrong with it, line by
/// line, knowing nothing but the log and whatever anchors it is given.
///
/// Every line is checked by itself (form, hash, signature) and against the last good record before
/// it (number, digest). A line that fails by itself says nothing about its neighbours, so damage is
/// reported where it is and nowhere else. Memory is bounded by the number of findings.
package struct AuditVerifier {
  private var report = AuditReport()
  private var key: Curve25519.Signing.PublicKey?
  /// The record with the highest number so far.
  private var highest: (n: Int, digest: [UInt8], time: AuditTime)?
  /// Lines since then that are no records.
  private var unreadable = 0
  /// Numbers that were passed over, and where.
  private var gaps: [Gap] = []
  private var anchors: [AuditAnchor]
  private var met: Set<Int> = []
  private var lastPlace = (file: "", line: 0)

  private struct Gap {
    var numbers: ClosedRange<Int>
    var file: String
    var line: Int
  }

  /// - Parameters:
  ///   - files: The files of the log, the oldest first.
  ///   - anchors: Heads of the log as they were kept elsewhere.
  ///   - visit: Shown every whole record with its place, in the order of the lines.
  /// - Throws: `ZorBAError` with code `inputOutput` when a file cannot be read.
  package static func verify(
    _ files: [String], anchors: [AuditAnchor] = [],
    visit: (AuditRecord, _ file: String, _ line: Int) throws -> Void = { _, _, _ in }
  ) throws -> AuditReport {
    var verifier = AuditVerifier(anchors: anchors)
    for file in files {
      var reader = try LineReader(path: file)
      while let line = try reader.next() {
        if let record = verifier.take(line, of: file) { try visit(record, file, line.number) }
      }
    }
    verifier.finish(files.last ?? "")
    return verifier.report
  }

  private init(anchors: [AuditAnchor]) { self.anchors = anchors }

  private mutating func find(
    _ kind: AuditFinding.Kind, _ file: String, _ line: Int, _ n: Int?, _ message: String
  ) {
    report.add(.init(kind: kind, file: file, line: line, n: n, message: message))
  }

  private mutating func take(_ line: LineReader.Line, of file: String) -> AuditRecord? {
    report.lines += 1
    lastPlace = (file, line.number)
    guard !line.isTorn else {
      find(.torn, file, line.number, nil, "the line has no end: \(line.bytes.count) bytes")
      unreadable += 1
      return nil
    }
    let record: AuditRecord
    do {
      guard !line.isTooLong else {
        throw ZorBAError(.invalidData, "the line is longer than a record can be")
      }
      record = try AuditRecord(line: line.bytes, file: file, number: line.number)
    } catch {
      let message = (error as? ZorBAError)?.message ?? "\(error)"
      find(.edited, file, line.number, nil, message)
      unreadable += 1
      return nil
    }
    if record.hasItsHash, line.number == 1 || key == nil { takeHead(record, file, line.number) }
    guard record.hasItsHash else {
      find(.edited, file, line.number, record.n, "the hash is not that of the record")
      unreadable += 1
      return nil
    }
    if let key, !record.isSigned(by: key) {
      find(.edited, file, line.number, record.n, "the record is not signed by the log's key")
      unreadable += 1
      return nil
    }
    place(record, file, line.number)
    return record
  }

  // MARK: - Whose log it is

  private mutating func takeHead(_ record: AuditRecord, _ file: String, _ line: Int) {
    guard let head = LogHead(record) else {
      // Where the first line was edited that has been said, and this one tells no more.
      if line == 1 {
        find(
          .head, file, line, record.n,
          report.head == nil
            ? "the file does not begin with the head of a log, so nothing says whose it is"
            : "the file does not begin with a head that continues the log")
      }
      if key == nil, let anchor = anchors.first { adopt(anchor.key) }
      return
    }
    if let known = report.head {
      if known.key != head.key {
        find(.head, file, line, record.n, "the file was written with another key")
      } else if record.entry.what == .logBegan {
        find(.head, file, line, record.n, "another log begins here, with the same key")
      }
      return
    }
    report.head = head
    adopt(head.key)
  }

  private mutating func adopt(_ bytes: [UInt8]) {
    key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)
  }

  // MARK: - Where a record belongs

  private mutating func place(_ record: AuditRecord, _ file: String, _ line: Int) {
    report.records += 1
    if report.first == nil { report.first = record }
    check(record, file, line)
    guard let highest else {
      if record.n > unreadable {
        let message =
          "the log begins with record \(record.n): the \(record.n - unreadable) before it are not here"
        // A later file of a log may be looked at alone; it says itself that it continues one.
        if record.entry.what != .logContinued {
          find(.dropped, file, line, unreadable, message)
        }
      }
      return advance(to: record)
    }
    guard record.n > highest.n else { return placeLate(record, file, line) }
    let expected = highest.n + 1 + unreadable
    if record.n > expected {
      gaps.append(Gap(numbers: expected...(record.n - 1), file: file, line: line))
    } else if unreadable == 0, record.previous != highest.digest {
      find(
        .forked, file, line, record.n,
        "record \(record.n) is signed, but does not follow the record \(highest.n) that stands "
          + "before it")
    }
    if record.time < highest.time { report.clockSteps += 1 }
    if record.entry.what == .logRepaired { report.repairs += 1 }
    advance(to: record)
  }

  private mutating func advance(to record: AuditRecord) {
    highest = (record.n, record.digest, record.time)
    report.last = record
    unreadable = 0
  }

  /// A record with a number that was passed: moved, or there twice.
  private mutating func placeLate(_ record: AuditRecord, _ file: String, _ line: Int) {
    guard let index = gaps.firstIndex(where: { $0.numbers.contains(record.n) }) else {
      find(
        .repeated, file, line, record.n,
        "record \(record.n) stands here again, after record \(highest?.n ?? 0)")
      return
    }
    find(
      .reordered, file, line, record.n,
      "record \(record.n) stands after record \(highest?.n ?? 0), which was written later")
    let gap = gaps.remove(at: index)
    let numbers = gap.numbers
    if numbers.lowerBound < record.n {
      gaps.append(Gap(numbers: numbers.lowerBound...(record.n - 1), file: gap.file, line: gap.line))
    }
    if numbers.upperBound > record.n {
      gaps.append(
        Gap(numbers: (record.n + 1)...numbers.upperBound, file: gap.file, line: gap.line))
    }
  }

  // MARK: - Anchors, and the end

  private mutating func check(_ record: AuditRecord, _ file: String, _ line: Int) {
    for (index, anchor) in anchors.enumerated() where anchor.n == record.n {
      met.insert(index)
      if anchor.hash == record.hash {
        report.anchored += 1
      } else {
        find(
          .forked, file, line, record.n,
          "record \(record.n) is another one than the anchor of \(anchor.time) names: the log was "
            + "written anew from an earlier record")
      }
    }
  }

  private mutating func finish(_ file: String) {
    for gap in gaps {
      let count = gap.numbers.count
      find(
        .dropped, gap.file, gap.line, gap.numbers.lowerBound,
        count == 1
          ? "record \(gap.numbers.lowerBound) is missing before this line"
          : "records \(gap.numbers.lowerBound) to \(gap.numbers.upperBound) are missing before this "
            + "line")
    }
    if report.lines == 0 { find(.head, file, 1, nil, "the log is empty") }
    for (index, anchor) in anchors.enumerated() where !met.contains(index) {
      if let last = highest?.n, anchor.n <= last { continue }
      find(
        .truncated, lastPlace.file.isEmpty ? file : lastPlace.file, lastPlace.line, anchor.n,
        "the log ends with record \(highest?.n ?? -1); the anchor of \(anchor.time) names record "
          + "\(anchor.n)")
    }
    if let key, let first = anchors.first(where: { $0.key != Array(key.rawRepresentation) }) {
      find(
        .head, file, 1, nil,
        "the log has another key than the anchor of \(first.time): it is another log")
    }
  }
}
