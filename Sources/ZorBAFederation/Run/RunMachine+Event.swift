extension RunMachine {
  /// What can happen.
  package enum Event: Sendable {
    /// A client's stream is open and its weights stand at a round. Sessions number streams: a later
    /// stream of the client has a greater number.
    case ready(client: Int, session: UInt64, lastRound: Int)
    /// A stream ended.
    case gone(client: Int, session: UInt64)
    /// A client has been absent too long, or said on a stream that it goes: plans do without it. What
    /// was said on another stream than the one on which it is ready does not count.
    case left(client: Int, session: UInt64? = nil)
    /// A client answered an assignment; the digest, where there is one, is of one block of the weights
    /// that it started from.
    case result(client: Int, session: UInt64, Ticket, Report, digest: [UInt8]?)
    /// A client will not answer an assignment.
    case declined(client: Int, session: UInt64, Ticket)
    /// These clients' answers to an attempt are lost, through no fault of theirs: they may be asked in
    /// the next one.
    case dropped(Ticket, clients: Set<Int>)
    /// The time of an attempt is over.
    case deadline(Ticket)
    /// The round is durable.
    case committed(Ticket)
    /// The closing left these answers out, and too few remain. Nothing is durable.
    case rejected(Ticket, clients: Set<Int>)
    /// The closing is impossible. Nothing is durable, or the caller has undone it.
    case failed(Ticket, reason: String)
    /// The digest that the answers of a round must carry, from a replica the caller trusts.
    case referenceDigest(round: Int, digest: [UInt8])
    /// The digest of all weights after a round, from such a replica.
    case referenceState(round: Int, digest: [UInt8])
    /// A client gave its metrics, or said that it has none.
    case evaluation(client: Int, session: UInt64, round: Int)
    /// The time of an evaluation is over.
    case evaluationDeadline(round: Int)
    /// The plan is durable, and every current client was sent it.
    case planned(firstRound: Int)
    /// No plan could be made; the one in force goes on.
    case planRefused
    /// More is known of gradients or costs.
    case estimates
    /// Stand still after the round under way.
    case pause(reason: String)
    /// Go on.
    case resume
    /// End the run for good after the round under way.
    case stop(reason: String)
    /// The wait after too few answers is over.
    case retry
    /// The time for members to come again is over.
    case gathered
    /// A client's digest of its weights after a round.
    case stateDigest(client: Int, session: UInt64, round: Int, digest: [UInt8])
    /// The time for final digests is over.
    case digestDeadline
    /// A quarantined client may take part again.
    case readmit(client: Int)
    /// The journal now ends with this round, all streams are ended, and nothing more comes of them; a
    /// closing under way was undone. The members are those of the
    /// plan in force there; nil when no plan was lost.
    case rolledBack(to: Int, members: Set<Int>? = nil)
    /// The plan, or the end, could not be made durable.
    case unable(reason: String)
    /// The end record is durable.
    case ended
  }
}
