import ArgumentParser
import ZorBAAudit
import ZorBAConsole
import ZorBADiagnostics

extension AuditCommand {
  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write records as lines of JSON for another system, oldest first.",
      discussion: """
        The lines are the log's own, unchanged, so that each can still be checked; docs/audit.md \
        describes their members. A log that is broken is exported as far as its lines are whole, and \
        the exit code is 6.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var log: LogArgument
    @OptionGroup var filter: RecordFilter

    func run() throws {
      let report = try AuditVerifier.verify(log.files) { record, _, _ in
        if filter.admits(record) { Console.output(record.line + "\n") }
      }
      guard report.isSound else {
        for finding in report.findings.prefix(20) { Console.error("\(finding)\n") }
        try Console.checkOutput()
        Self.exit(withStatus: .brokenLog)
      }
    }
  }
}
