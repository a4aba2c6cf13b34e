import ArgumentParser
import ZorBAAudit
import ZorBAConsole
import ZorBADiagnostics
import ZorBAEvidence
import ZorBAJSON

extension AuditCommand {
  struct Evidence: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fill an evidence pack for a run from its own records.",
      discussion: """
        For a data protection impact assessment or a review of model risk: specification, base model, \
        sites and counts as told, plans, privacy parameters, bytes that left, evaluations, approvals, \
        and whether journal and logs are whole. RUN is a simulation's folder or a run's on the \
        coordinator. Exit code 6: a record is broken; the pack says which.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var trust: TrustOptions

    @Argument(help: ArgumentHelp("The run's folder.", valueName: "run"))
    var folder: String

    @Option(
      help: ArgumentHelp(
        "An audit log: the coordinator's, or a site's. May be repeated.", valueName: "log"))
    var log: [String] = []

    @Option(
      help: ArgumentHelp(
        "The run's name in the logs; found by its specification otherwise.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("The new folder for the pack.", valueName: "folder"))
    var out: String?

    func run() throws {
      let own = "\(folder)/audit.jsonl"
      let logs = log.isEmpty && !LogFiles(own).all.isEmpty ? [own] : log
      let pack = try ZorBAError.whenMissing(.invalidConfiguration) {
        try EvidencePack(
          folder: folder, logs: logs, run: name, anchors: trust.anchors, authority: trust.trusted,
          software: AuditVersion.software)
      }
      if let out {
        try pack.write(to: out)
        common.say("Evidence: \(out)/evidence.md")
      }
      if common.json {
        Console.output(pack.json.serialized + "\n")
      } else if out == nil {
        Console.output(pack.markdown)
      }
      guard pack.isSound else {
        try Console.checkOutput()
        Self.exit(withStatus: .brokenLog)
      }
    }
  }
}

/// What this software calls itself in a pack.
enum AuditVersion {
  static let software = "zorba 0.2.0"
}
