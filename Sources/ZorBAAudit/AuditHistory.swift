/// What a log already says about runs, read back when its keeper starts.
package struct AuditHistory: Sendable {
  /// The last committed round of every run that it names.
  package private(set) var lastRound: [String: Int] = [:]

  /// Reads the records of a log that concern committed rounds; lines of other kinds are passed over
  /// unread.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package init(_ files: LogFiles) throws {
    let marks = [AuditKind.roundCommitted, .runRolledBack].map {
      Array("\"what\": \"\($0.rawValue)\"".utf8)
    }
    for file in files.all {
      var reader = try LineReader(path: file)
      while let line = try reader.next() {
        // The kind stands near the front of a record.
        let start = line.bytes.prefix(640)
        guard marks.contains(where: { Self.contains(start, $0) }),
          let record = try? AuditRecord(line: line.bytes), let run = record.entry.run,
          let round = record.entry.round
        else { continue }
        lastRound[run] = round
      }
    }
  }

  private static func contains(_ bytes: ArraySlice<UInt8>, _ mark: [UInt8]) -> Bool {
    guard bytes.count >= mark.count else { return false }
    var index = bytes.startIndex
    let end = bytes.endIndex - mark.count
    while index <= end {
      if bytes[index] == mark[0], bytes[index..<index + mark.count].elementsEqual(mark) {
        return true
      }
      index += 1
    }
    return false
  }
}
