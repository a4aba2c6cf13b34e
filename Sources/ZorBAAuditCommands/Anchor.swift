import ArgumentParser
import ZorBAAudit
import ZorBAConsole
import ZorBADiagnostics
import ZorBAJSON

extension AuditCommand {
  struct Anchor: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the head of a log, to be kept where its keeper cannot change it.",
      discussion: """
        One line of JSON: append it to a file elsewhere, mail it, print it. 'zorba audit verify \
        --anchor FILE' then notices whatever was changed or cut off before it.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var log: LogArgument

    func run() throws {
      let files = try log.files
      let report = try AuditVerifier.verify(files)
      guard report.isSound, let last = report.last, let head = report.head else {
        for finding in report.findings.prefix(20) { Console.error("\(finding)\n") }
        Console.error("zorba: a broken log has no head to anchor\n")
        Self.exit(withStatus: .brokenLog)
      }
      Console.output(AuditAnchor(last, key: head.key).json.serialized + "\n")
    }
  }
}
