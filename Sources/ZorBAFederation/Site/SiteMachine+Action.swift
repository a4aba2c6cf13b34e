extension SiteMachine {
  /// What the caller must do.
  package enum Action: Sendable, Equatable {
    case connect
    /// End the connection; `disconnected` follows as always.
    case disconnect
    /// Say `retryTimer` after a while; a later one replaces an earlier one. The number is that of the
    /// try since the last welcome, from 1.
    case scheduleReconnect(attempt: Int)
    case sendHello
    /// The copy of the journal is of no use: keep it aside, and begin without one.
    case putJournalAside
    /// Fetch what the copy of the journal lacks; this is the first round it lacks. Then say `fetched`
    /// or `fetchFailed`.
    case fetch(fromRound: Int)
    /// Make the weights from the base model and the copy of the journal, to its end; then say
    /// `rebuilt` or `rebuildFailed`.
    case rebuild
    /// Apply the copy of the journal from this round to its end to the weights, which stand before
    /// it; then say `rebuilt` or `rebuildFailed`.
    case replay(fromRound: Int)
    case sendReady(round: Int)
    /// Compute an answer; then say `computed`, `computeFailed` or `computeStopped`.
    case compute(Ticket)
    /// Stop computing soon; one of the three still follows.
    case cancelCompute(Ticket)
    /// Append the commit to the journal, durably, then move the weights; then say `applied`,
    /// `commitRefused` or `applyFailed`. The records of a dense round are fetched first; a fetch that
    /// breaks off is `applyFailed`.
    case apply(round: Int)
    /// Append the oldest record that was kept, durably; then say `appended`, `recordRefused` or
    /// `appendFailed`.
    case append
    /// Forget commits and records that were kept and not applied.
    case discardKept
    case sendResult(Ticket)
    case sendDeclined(Ticket, DeclineCause)
    /// Evaluate; then say `evaluated`.
    case evaluate(round: Int)
    case cancelEvaluation(round: Int)
    /// Send the metrics, or that there are none.
    case sendEvaluation(round: Int)
    /// Take digests of the weights; then say `digested`.
    case digest(round: Int)
    case sendDigest(round: Int)
    /// Nothing follows.
    case finish(Outcome)
  }
}
