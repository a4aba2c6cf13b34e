/// What a record of an audit log is about. The list is closed: a reader refuses any other.
package enum AuditKind: String, Sendable, CaseIterable {
  // The log itself.
  /// The first record: who keeps the log, and with which key.
  case logBegan = "log.began"
  /// The first record of a later file of the same log.
  case logContinued = "log.continued"
  /// A torn last line, left by a process that died, was taken away.
  case logRepaired = "log.repaired"

  // The process that keeps it.
  case serviceStarted = "service.started"
  case serviceStopped = "service.stopped"

  // Who belongs to the federation, and who comes.
  case identityEnrolled = "identity.enrolled"
  case identityApproved = "identity.approved"
  case identityRenewed = "identity.renewed"
  case identityRevoked = "identity.revoked"
  case identityConnected = "identity.connected"
  case identityRefused = "identity.refused"

  // What operators ask.
  case operatorActed = "operator.acted"
  case operatorRefused = "operator.refused"

  // A run.
  case runRequested = "run.requested"
  case runApproved = "run.approved"
  case runReleased = "run.released"
  case runOpened = "run.opened"
  case runState = "run.state"
  case runPlanned = "run.planned"
  case roundCommitted = "round.committed"
  case roundFailed = "round.failed"
  case runEvaluated = "run.evaluated"
  case runRolledBack = "run.rolled_back"
  case runBranched = "run.branched"
  case runEnded = "run.ended"
  case modelExported = "model.exported"

  // Sites in a run.
  case siteReady = "site.ready"
  case siteLeft = "site.left"
  case siteDeclined = "site.declined"
  case runWarning = "run.warning"
  case siteQuarantined = "site.quarantined"
  case siteReadmitted = "site.readmitted"

  // A site's own.
  case policyLoaded = "policy.loaded"
  case policyRefused = "policy.refused"
  case messageReleased = "message.released"
  case replicaCaughtUp = "replica.caught_up"

  /// Whether the disk confirms the record before what it is about is done.
  ///
  /// The others have reached the operating system by then, which outlives the process but not a power
  /// cut. What they say stands elsewhere too, durably: messages in the site's sent log, rounds in the
  /// journal, with which the log is brought into line when it is opened.
  package var isDurable: Bool {
    switch self {
    case .identityConnected, .identityRefused, .messageReleased, .replicaCaughtUp, .siteReady,
      .siteLeft, .siteDeclined, .runWarning, .roundFailed, .runEvaluated, .roundCommitted,
      .runState:
      false
    default: true
    }
  }
}
