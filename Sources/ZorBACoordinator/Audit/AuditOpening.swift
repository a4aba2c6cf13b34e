import ZorBA
import ZorBAAudit
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization

/// What the log says when a run is taken up: what is run, and whatever a crash kept it from saying.
struct AuditOpening {
  private let blueprint: RunBlueprint
  private let journal: JournalWriter

  init(_ blueprint: RunBlueprint, journal: JournalWriter) {
    self.blueprint = blueprint
    self.journal = journal
  }

  /// - Throws: `ZorBAError` when it cannot be recorded: the run is then not taken up.
  func record(in audit: AuditTrail?) throws {
    guard let audit else { return }
    let configuration = blueprint.configuration
    let last = Int(clamping: journal.lastRound)
    let secrecy =
      configuration.secureAggregation.isOn
      ? "on" : blueprint.clearBecause.map { "off: \($0)" } ?? "off"
    try audit.record(
      AuditEntry(
        .runOpened, by: audit.keeper, run: blueprint.name, round: last,
        digest: blueprint.specification,
        detail: [
          "method": .string(configuration.method.name.rawValue),
          "rounds": .integer(configuration.rounds), "base": .string("\(journal.header.base.state)"),
          "sites": .array(blueprint.sites.map { .string($0) }),
          "approvals_required": .integer(configuration.approvals.required),
          "secure_aggregation": .string(secrecy),
        ]))
    let logged = audit.history.lastRound[blueprint.name] ?? 0
    if logged > last {
      try audit.record(
        AuditEntry(
          .runRolledBack, by: audit.keeper, run: blueprint.name, round: last,
          detail: ["recovered": true, "from": .integer(logged)]))
    } else if logged < last {
      try recordRounds(after: logged, in: audit)
    }
  }

  /// Rounds that were journaled just before a crash, or before there was a log.
  private func recordRounds(after logged: Int, in audit: AuditTrail) throws {
    let rounds = try JournalRounds(path: journal.path)
    for (round, chain) in rounds.all where round > logged {
      audit.note(
        AuditEntry(
          .roundCommitted, by: audit.keeper, run: blueprint.name, round: round,
          digest: chain, detail: ["recovered": true]))
    }
    try audit.ready()
  }
}
