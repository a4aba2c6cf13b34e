extension RunMachine {
  /// What the caller must do.
  package enum Action: Sendable, Equatable {
    /// Ask these clients, ascending, for their results.
    case assign(Ticket, clients: [Int])
    /// Say `deadline` when the time of this attempt is over.
    case startDeadline(Ticket)
    /// The attempt ended before its deadline.
    case cancelDeadline(Ticket)
    /// Judge and aggregate these reports, ascending by client, store and journal the round; then say
    /// `committed`, `rejected` or `failed`.
    case close(Ticket, [Report])
    /// Send these clients the commit of this round.
    case broadcast(round: Int, clients: [Int])
    /// Send the client, before anything else on its stream, whatever the journal holds after this
    /// round and the client's copy lacks: rounds, and records that are no rounds. Comes for every
    /// `ready`, also when nothing is lacking. Once `finished`, a farewell follows.
    case catchUp(client: Int, after: Int)
    /// Ask these clients for their metrics; say `evaluationDeadline` when the time is over, counted
    /// from the last such action of a round.
    case evaluate(round: Int, clients: [Int])
    /// The evaluation of this round is over; what came of it can be stored.
    case evaluated(round: Int)
    /// Make a plan, journal it, send it to the current clients; then say `planned`, `planRefused` or
    /// `unable`.
    case replan(Replanning.Decision)
    /// The run stands still until `resume`; that is to be remembered.
    case paused(reason: String)
    /// The run is no longer paused.
    case resumed
    /// Say `retry` after a while; a later one replaces an earlier one.
    case scheduleRetry
    /// Remember that the client is not to be asked, and say goodbye to its stream: diverged.
    case quarantine(client: Int, reason: String)
    /// Ask these clients for digests of their weights after this round; say `digestDeadline` when
    /// the time is over, counted from the last such action.
    case requestDigests(round: Int, clients: [Int])
    /// Journal the digest and the end; then say `ended` or `unable`.
    case end(round: Int, digest: [UInt8]?, reason: String)
    /// The run is over: say goodbye to everybody.
    case finished
    /// An older stream of a client that has a newer one: end it.
    case superseded(client: Int, session: UInt64)
    /// The client's weights are ahead of the journal: end its stream and let it come again.
    case again(client: Int, session: UInt64)
  }
}
