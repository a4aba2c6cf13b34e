package import ZorBAJSON

/// Something wrong with a log, and where.
package struct AuditFinding: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    /// The line is no record as it was written: its bytes, its hash or its signature do not agree.
    case edited
    /// Records are missing before this line.
    case dropped
    /// The record stands after ones that were written later.
    case reordered
    /// The record stands here a second time.
    case repeated
    /// The record is signed and whole, and follows another one than the one before it: two histories
    /// were written with one key.
    case forked
    /// The log ends before the record that an anchor names.
    case truncated
    /// The last line ends without a line break: a writer died, or somebody cut the file.
    case torn
    /// The file begins with something else than the head of a log, or the heads of its files disagree.
    case head
    /// The log and the journal of a run say different things.
    case journal
  }

  package var kind: Kind
  package var file: String
  /// Counted from 1.
  package var line: Int
  /// The number of the record meant, if it is known.
  package var n: Int?
  package var message: String

  package init(kind: Kind, file: String, line: Int, n: Int?, message: String) {
    self.kind = kind
    self.file = file
    self.line = line
    self.n = n
    self.message = message
  }

  package var json: JSONValue {
    [
      "kind": .string(kind.rawValue), "file": .string(file), "line": .integer(line),
      "n": n.map { .integer($0) } ?? .null, "message": .string(message),
    ]
  }
}

extension AuditFinding: CustomStringConvertible {
  package var description: String { "\(file):\(line): \(kind.rawValue): \(message)" }
}

/// What the reading of a whole log showed.
package struct AuditReport: Sendable {
  package var findings: [AuditFinding] = []
  /// Whether there are more findings than are listed.
  package var isCut = false
  /// Whole records.
  package var records = 0
  package var lines = 0
  package var head: LogHead?
  package var first: AuditRecord?
  /// The record with the highest number.
  package var last: AuditRecord?
  /// Lines whose time is before that of the record before: a clock that was set.
  package var clockSteps = 0
  /// Torn lines that the keeper reported and took away.
  package var repairs = 0
  /// Anchors that the log agrees with.
  package var anchored = 0

  package var isSound: Bool { findings.isEmpty }

  static let findingLimit = 1000

  mutating func add(_ finding: AuditFinding) {
    guard findings.count < Self.findingLimit else {
      isCut = true
      return
    }
    findings.append(finding)
  }
}
