import ArgumentParser
import ZorBAAudit
import ZorBAAuditIdentity
import ZorBAConsole
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal

extension AuditCommand {
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say whether a log is whole, and what is wrong with it line by line.",
      discussion: """
        Names edited, dropped, reordered, repeated and forked records. That records were cut off at \
        the end shows only against an anchor or a newer copy. With --journal the rounds in the log \
        are compared with the run's journal.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var log: LogArgument
    @OptionGroup var trust: TrustOptions

    @Option(help: ArgumentHelp("A run's journal, run.zorba, to compare.", valueName: "file"))
    var journal: String?

    @Option(
      name: .customLong("run"),
      help: ArgumentHelp(
        "The run's name in the log; that of the journal's folder by default.", valueName: "name"))
    var namedRun: String?

    @Option(
      help: ArgumentHelp("Another copy of the log, to find where they part.", valueName: "log"))
    var against: String?

    func run() throws {
      let files = try log.files
      var check = JournalCheck(run: runName)
      var dates = KeeperValidity()
      var report = try AuditVerifier.verify(files, anchors: trust.anchors) { record, file, line in
        check.visit(record, file: file, line: line)
        dates.visit(record, file: file, line: line)
      }
      let validity = report.head.flatMap { dates.result($0) }
      if let finding = validity?.finding { report.findings.append(finding) }
      let proof =
        try report.head.map { KeeperProof($0, anchor: try trust.trusted) }
        ?? .failed("the log has no head")
      if case .failed(let reason) = proof {
        report.findings.append(
          .init(kind: .head, file: files[0], line: 1, n: nil, message: reason))
      }
      if let journal {
        report.findings += check.findings(journal: try JournalRounds(path: journal).all)
      }
      let comparison = try against.map {
        try AuditComparison.compare(files, LogFiles($0).all)
      }
      if case .prefix(shorterIsFirst: true, let missing) = comparison {
        report.findings.append(
          .init(
            kind: .truncated, file: files[files.count - 1], line: max(1, missing), n: nil,
            message: "the other copy goes on after this one ends"))
      }
      if case .forked(let file, let line, let n) = comparison {
        report.findings.append(
          .init(
            kind: .forked, file: file, line: line, n: n,
            message: "the other copy goes on differently from here"))
      }
      present(report, proof, validity, comparison, rounds: journal == nil ? nil : check.count)
      guard report.isSound else {
        try Console.checkOutput()
        Self.exit(withStatus: .brokenLog)
      }
    }

    private var runName: String {
      if let namedRun { return namedRun }
      let parts = (journal ?? "").split(separator: "/")
      return parts.count > 1 ? String(parts[parts.count - 2]) : ""
    }

    private func present(
      _ report: AuditReport, _ proof: KeeperProof, _ validity: KeeperValidity.Result?,
      _ comparison: AuditComparison?, rounds: Int?
    ) {
      guard !common.json else {
        return Console.output(
          json(report, proof, validity, comparison, rounds: rounds).serialized + "\n")
      }
      for finding in report.findings { Console.output("\(finding)\n") }
      if report.isCut { Console.output("… and more\n") }
      Console.output(
        """
        \(report.isSound ? "whole" : "BROKEN"): \(report.records) records
          first    \(report.first.map { "\($0.n), \($0.time)" } ?? "none")
          last     \(report.last.map { "\($0.n), \($0.time), \(Hexadecimal.text($0.hash))" } ?? "none")
          kept by  \(proof.words)
          anchors  \(report.anchored) met

        """)
      if let validity { Console.output("  dates    \(validity.words)\n") }
      if let rounds { Console.output("  rounds   \(rounds) compared with the journal\n") }
      if let comparison { Console.output("  copies   \(comparison.words)\n") }
      if report.clockSteps > 0 {
        Console.output("  clock    went back at \(report.clockSteps) records\n")
      }
      if report.repairs > 0 {
        Console.output("  repairs  \(report.repairs) torn lines were taken away and recorded\n")
      }
      if report.anchored == 0, report.isSound {
        common.say("Without an anchor nobody can see whether records were cut off at the end.")
      }
    }

    private func json(
      _ report: AuditReport, _ proof: KeeperProof, _ validity: KeeperValidity.Result?,
      _ comparison: AuditComparison?, rounds: Int?
    ) -> JSONValue {
      [
        "sound": .bool(report.isSound), "records": .integer(report.records),
        "lines": .integer(report.lines), "keeper": .string(proof.words),
        "key": report.head.map { .string(Hexadecimal.text($0.key)) } ?? .null,
        "last": report.last.map {
          [
            "n": .integer($0.n), "time": .string("\($0.time)"),
            "hash": .string(Hexadecimal.text($0.hash)),
          ]
        } ?? .null,
        "certificate": validity.map {
          [
            "not_before": .string("\($0.notBefore)"), "not_after": .string("\($0.notAfter)"),
            "earlier_records": .bool($0.isForerun), "later_records": .bool($0.isOutlived),
          ]
        } ?? .null,
        "anchored": .integer(report.anchored), "clock_steps": .integer(report.clockSteps),
        "repairs": .integer(report.repairs),
        "rounds_compared": rounds.map { .integer($0) } ?? .null,
        "copies": comparison.map { .string($0.words) } ?? .null,
        "findings": .array(report.findings.map(\.json)), "more_findings": .bool(report.isCut),
      ]
    }
  }
}

extension KeeperProof {
  /// What was found, in words.
  var words: String {
    switch self {
    case .proved(let keeper): "\(keeper.excerpt(limit: 160)), proved by the authority"
    case .claimed(let keeper):
      "\(keeper.excerpt(limit: 160)), as the certificate in the log says; give --authority to prove it"
    case .anonymous: "nobody enrolled"
    case .failed(let reason): "not proved: \(reason)"
    }
  }
}

extension AuditComparison {
  var words: String {
    switch self {
    case .equal: "equal"
    case .prefix(let shorterIsFirst, let from):
      "\(shorterIsFirst ? "this one" : "the other one") ends earlier: it lacks line \(from + 1) and "
        + "what follows"
    case .forked(let file, let line, _): "they part at \(file):\(line)"
    }
  }
}
