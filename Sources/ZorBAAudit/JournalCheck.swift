import ZorBADiagnostics

/// Compares what a log says of a run's rounds with the run's journal.
///
/// A log names each committed round with the journal's chain value after it. Rounds that an operator
/// took back are forgotten, as the journal forgot them; a round that the log names twice counts as
/// it was named last.
package struct JournalCheck {
  private struct Logged {
    var digest: String
    var file: String
    var line: Int
    var n: Int
  }

  private let run: String
  private var rounds: [Int: Logged] = [:]
  private var lastPlace = (file: "", line: 1)
  private var isKnown = false

  package init(run: String) { self.run = run }

  /// Takes note of a record.
  package mutating func visit(_ record: AuditRecord, file: String, line: Int) {
    lastPlace = (file, line)
    guard record.entry.run == run else { return }
    isKnown = true
    switch record.entry.what {
    case .roundCommitted:
      guard let round = record.entry.round, let digest = record.entry.digest else { return }
      rounds[round] = Logged(digest: digest, file: file, line: line, n: record.n)
    case .runRolledBack:
      guard let round = record.entry.round else { return }
      rounds = rounds.filter { $0.key <= round }
    default: break
    }
  }

  /// What does not agree.
  ///
  /// - Parameter journal: The journal's rounds with its chain value after each, in hexadecimal digits.
  package func findings(journal: [(round: Int, chain: String)]) -> [AuditFinding] {
    var findings: [AuditFinding] = []
    func add(_ place: (file: String, line: Int), _ n: Int?, _ message: String) {
      guard findings.count < AuditReport.findingLimit else { return }
      findings.append(
        .init(kind: .journal, file: place.file, line: place.line, n: n, message: message))
    }
    guard isKnown else {
      add(lastPlace, nil, "the log does not know the run '\(run.excerpt())'")
      return findings
    }
    var left = rounds
    for (round, chain) in journal {
      guard let logged = left.removeValue(forKey: round) else {
        add(lastPlace, nil, "round \(round) is in the journal and not in the log")
        continue
      }
      if logged.digest != chain {
        add(
          (logged.file, logged.line), logged.n,
          "round \(round) was committed with the chain value \(logged.digest); the journal has "
            + chain)
      }
    }
    for (round, logged) in left.sorted(by: { $0.key < $1.key }) {
      add(
        (logged.file, logged.line), logged.n,
        "round \(round) was committed and is not in the journal")
    }
    return findings
  }

  /// Rounds that the log knows.
  package var count: Int { rounds.count }
}
