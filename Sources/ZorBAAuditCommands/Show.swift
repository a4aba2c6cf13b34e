import ArgumentParser
import ZorBAAudit
import ZorBAConsole
import ZorBADiagnostics
import ZorBAJSON

extension AuditCommand {
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show records for people; every line that is shown was verified.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var log: LogArgument
    @OptionGroup var filter: RecordFilter

    @Option(help: "Only the last so many.")
    var last: Int?

    func validate() throws {
      if let last, last < 1 { throw ValidationError("--last \(last): use a number from 1 on.") }
    }

    func run() throws {
      var kept: [AuditRecord] = []
      let report = try AuditVerifier.verify(log.files) { record, _, _ in
        guard filter.admits(record) else { return }
        guard let last else { return show(record) }
        kept.append(record)
        if kept.count > last { kept.removeFirst() }
      }
      kept.forEach(show)
      guard !report.isSound else { return }
      common.say(
        "The log is broken (\(report.findings.count) findings); run 'zorba audit verify'.")
    }

    private func show(_ record: AuditRecord) {
      guard !common.json else { return Console.output(record.line + "\n") }
      let entry = record.entry
      var place = entry.run.map { " \($0.excerpt())" } ?? ""
      if let round = entry.round { place += " round \(round)" }
      let detail =
        entry.what == .logBegan || entry.what == .logContinued
        ? "" : entry.detail.members.map { "  \($0.key.excerpt())=\(Self.text($0.value))" }.joined()
      Console.output(
        "\(record.n)  \(record.time)  \(entry.what.rawValue)\(place)  \(entry.actor.excerpt(limit: 160))"
          + "\(detail)\n")
    }

    private static func text(_ value: JSONValue) -> String {
      (value.string ?? value.serialized).excerpt(limit: 200)
    }
  }
}
