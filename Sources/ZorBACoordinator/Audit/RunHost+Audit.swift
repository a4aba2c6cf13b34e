import Logging
import ZorBA
import ZorBAAudit
import ZorBAFederation
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization

/// What a run tells the audit log.
extension RunHost {
  /// Where the run records; nil keeps no log.
  var audit: AuditTrail? { options.audit }

  /// The run's own entry.
  func entry(
    _ what: AuditKind, round: Int? = nil, digest: String? = nil,
    _ detail: KeyValuePairs<String, JSONValue> = [:]
  ) -> AuditEntry {
    AuditEntry(
      what, by: audit?.keeper ?? AuditEntry.local, run: name, round: round, digest: digest,
      detail: detail)
  }

  /// Records a round that the journal has.
  func auditCommit(_ round: Int, participants: [UInt32], attempt: Int) {
    audit?.note(
      entry(
        .roundCommitted, round: round, digest: "\(journal.chain)",
        [
          "attempt": .integer(attempt),
          "participants": .array(participants.map { .integer(Int($0)) }),
        ]))
  }

  /// Records a plan before the journal has it.
  func auditPlan(_ plan: PlanRecord, firstRound: Int, members: Int) throws {
    try audit?.record(
      entry(
        .runPlanned, round: firstRound,
        digest: Hexadecimal.digest(of: JournalRecord.plan(plan).payload),
        ["members": .integer(members)]))
  }

  /// Records what a round came to when it was not committed.
  func audit(_ event: RunMachine.Event) {
    switch event {
    case .failed(let ticket, let reason):
      audit?.note(
        entry(
          .roundFailed, round: ticket.round,
          ["attempt": .integer(ticket.attempt), "reason": .string(reason)]))
    case .rejected(let ticket, let clients):
      audit?.note(
        entry(
          .roundFailed, round: ticket.round,
          [
            "attempt": .integer(ticket.attempt),
            "rejected": .array(clients.sorted().map { .string(sites[$0].name) }),
          ]))
    default: break
    }
  }

  /// Records what the run notes for its operators, as far as an audit asks for it.
  func audit(note kind: String, site: String?, _ detail: Logger.Metadata) {
    guard let audit else { return }
    let what: AuditKind
    switch kind {
    case "ready": what = .siteReady
    case "left": what = .siteLeft
    case "refused", "failed": what = .siteDeclined
    case "quarantined": what = .siteQuarantined
    case "readmitted": what = .siteReadmitted
    case "warning": what = .runWarning
    case "rolled_back": what = .runRolledBack
    case "state", "pause", "resume", "stop": what = .runState
    default: return
    }
    var entry = entry(what)
    if let site {
      _ = entry.detail.append(.init(key: "site", value: .string(site)))
    }
    if what == .siteDeclined {
      _ = entry.detail.append(.init(key: "by_policy", value: .bool(kind == "refused")))
    }
    if what == .runState, kind != "state" {
      _ = entry.detail.append(.init(key: "act", value: .string(kind)))
    }
    for (key, value) in detail.sorted(by: { $0.key < $1.key }) {
      if key == "round" {
        entry.round = Int("\(value)")
      } else {
        _ = entry.detail.append(.init(key: key, value: .string("\(value)")))
      }
    }
    audit.note(entry)
  }
}
