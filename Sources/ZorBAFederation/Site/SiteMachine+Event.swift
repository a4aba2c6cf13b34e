extension SiteMachine {
  /// What can happen.
  package enum Event: Sendable {
    /// The process runs; its copy of the journal ends with a round, or there is none.
    case started(journalRound: Int?)
    case connected
    /// The connection ended, or could not be made.
    case disconnected
    /// A message could not be written down, so it was not sent: the connection lacks it.
    case unsent
    case retryTimer
    /// The answer to hello: where the run stands, and whether the copy of the journal does not
    /// continue it.
    case welcome(lastRound: Int, restarts: Bool)
    case goodbye(Goodbye)
    /// The site's own side wants to stop.
    case stop(reason: String)

    /// The copy of the journal now ends with this round.
    case fetched(round: Int)
    /// It could not be fetched to its end; what came of it may have been kept.
    case fetchFailed
    /// The weights stand at this round.
    case rebuilt(round: Int)
    case rebuildFailed(reason: String)

    case assignment(Ticket)
    /// A commit arrived; its content is kept until `apply`.
    case commit(round: Int)
    /// A record that is no round, and that the copy lacks, arrived; it is kept until `append`.
    case record
    case evaluate(round: Int)
    case digestRequest(round: Int)

    /// The commit is durable and in the weights.
    case applied(round: Int)
    /// The chain of the commit does not continue the copy; nothing was changed.
    case commitRefused(round: Int)
    /// The commit could not be made durable; nothing was changed.
    case applyFailed(round: Int)
    /// The record is durable.
    case appended
    /// The chain of the record does not continue the copy; nothing was changed.
    case recordRefused
    /// The record could not be made durable; nothing was changed.
    case appendFailed

    case computed(Ticket)
    case computeFailed(Ticket, DeclineCause)
    case computeStopped(Ticket)
    /// The evaluation is over: done, failed or stopped.
    case evaluated(round: Int)
    /// The digests are there.
    case digested(round: Int)
  }
}
