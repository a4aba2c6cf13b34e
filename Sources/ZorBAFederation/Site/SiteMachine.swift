/// A site's side of a run as a pure state machine: events in, actions out, no I/O.
///
///     waiting → connecting → open → greeting → preparing → ready
///        ↑__________________________________________________|
///
/// A site follows the journal: its copy grows by what arrives, each record durable before the weights
/// move, and a copy that lacks something is brought up by fetching. What changes weights or journal,
/// and what reads the weights, goes through one place (`work`), one thing at a time, so nothing is
/// ever computed while weights move.
///
/// The caller carries actions out in order, keeps the content of commits and records until it is
/// told to apply or append them, and reports every piece of work exactly once as done, failed or
/// stopped. Of a connection it reports `connected` at most and `disconnected` exactly once; after
/// that, nothing that belonged to it. All else may happen at any time, and what no longer matters
/// gives nothing.
package struct SiteMachine: Sendable {
  package typealias Ticket = RoundCoordinator.Ticket

  /// Where the connection stands.
  package internal(set) var link = Link.idle
  /// What is being done to, or with, the weights.
  package internal(set) var work = Work.none
  /// The round with which the durable copy of the journal ends; nil without a copy.
  package internal(set) var journalRound: Int?
  /// The round at which the weights in memory stand; nil when they must be rebuilt.
  package internal(set) var weightsRound: Int?

  /// What has arrived and is to be worked off, in the order of the stream.
  var inbox: [Item] = []
  /// The assignment that the coordinator waits for.
  var wanted: Ticket?
  /// The last answer that was computed, for as long as journal and weights stay what they were.
  var kept: Ticket?
  /// Whether the journal's copy must be fetched before the site is ready.
  var needsFetch = false
  /// Whether the copy does not continue the run's journal.
  var mustRestart = false
  /// Copies or weights in a row that turned out wrong.
  var mismatches = 0
  /// Connections in a row on which no welcome was heard.
  var failures = 0
  /// Set once the site is to end, as soon as nothing is under way.
  var ending: Outcome?

  package init() {}

  /// Takes one event and says what to do about it, in order.
  package mutating func handle(_ event: Event) -> [Action] {
    guard link != .over else { return [] }
    return take(event) + settle()
  }

  private mutating func take(_ event: Event) -> [Action] {
    switch event {
    case .started(let round): return started(round)
    case .connected: return connected()
    case .disconnected: return disconnected()
    case .unsent: return giveUpConnection()
    case .retryTimer: return retryTimer()
    case .welcome(let round, let restarts): return welcome(lastRound: round, restarts: restarts)
    case .goodbye(let kind): return goodbye(kind)
    case .stop(let reason): return stop(reason)

    case .fetched(let round): return fetched(round)
    case .fetchFailed: return fetchFailed()
    case .rebuilt(let round): return rebuilt(round)
    case .rebuildFailed(let reason): return rebuildFailed(reason)

    case .assignment(let ticket): return assignment(ticket)
    case .commit(let round): return commit(round)
    case .record: return arrive(.record)
    case .evaluate(let round): return arrive(.evaluation(round))
    case .digestRequest(let round): return arrive(.digest(round))

    case .applied(let round): return applied(round)
    case .commitRefused(let round): return commitRefused(round)
    case .applyFailed(let round): return applyFailed(round)
    case .appended: return appended()
    case .recordRefused: return recordRefused()
    case .appendFailed: return appendFailed()

    case .computed(let ticket): return computed(ticket)
    case .computeFailed(let ticket, let cause): return computeFailed(ticket, cause)
    case .computeStopped(let ticket): return computeStopped(ticket)
    case .evaluated(let round): return evaluated(round)
    case .digested(let round): return digested(round)
    }
  }
}
