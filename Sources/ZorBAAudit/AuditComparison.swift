import ZorBADiagnostics

/// Two copies of a log laid beside each other.
package enum AuditComparison: Sendable, Equatable {
  /// They hold the same records.
  case equal
  /// One is the other's beginning; it ends before this record.
  case prefix(shorterIsFirst: Bool, missingFrom: Int)
  /// They agree up to here, and go on differently: the line of the first copy, and its record.
  case forked(file: String, line: Int, n: Int?)

  /// Compares two copies line by line.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package static func compare(_ first: [String], _ second: [String]) throws -> AuditComparison {
    var (left, right) = (try LogLines(first), try LogLines(second))
    var lines = 0
    while true {
      let (mine, other) = (try left.next(), try right.next())
      switch (mine, other) {
      case (nil, nil): return .equal
      case (nil, .some): return .prefix(shorterIsFirst: true, missingFrom: lines)
      case (.some, nil): return .prefix(shorterIsFirst: false, missingFrom: lines)
      case (.some(let mine), .some(let other)):
        guard mine.bytes == other.bytes else {
          let record = try? AuditRecord(line: mine.bytes)
          return .forked(file: mine.file, line: mine.number, n: record?.n)
        }
      }
      lines += 1
    }
  }
}

/// The lines of several files.
private struct LogLines {
  private var files: [String]
  private var file = ""
  private var reader: LineReader?

  init(_ files: [String]) throws { self.files = files }

  mutating func next() throws -> (bytes: [UInt8], file: String, number: Int)? {
    while true {
      if let line = try reader?.next() { return (line.bytes, file, line.number) }
      guard !files.isEmpty else { return nil }
      file = files.removeFirst()
      reader = try LineReader(path: file)
    }
  }
}
