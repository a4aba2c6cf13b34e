package import ArgumentParser

/// `audit`: logs of what was done, and evidence for those who judge a run.
package struct AuditCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Verify, show and export audit logs; fill an evidence pack for a run.",
    discussion: """
      Everything works on copies, without a network and without keys. LOG is an audit.jsonl; the \
      files before it (LOG.1, LOG.2 …) are found beside it.

      Exit codes: 0 the log is whole; 2 usage; 3 a file that is no log, anchor or journal; \
      6 the log is broken: its findings are on standard output.
      """,
    subcommands: [Verify.self, Show.self, Export.self, Anchor.self, Evidence.self])

  package init() {}
}
