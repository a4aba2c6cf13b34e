/// The coordinator's side of a whole run as a pure state machine: events in, actions out, no I/O.
///
///     waiting → evaluating → planning → collecting → closing → … → comparing → ending → finished
///        ↑ ↓ pause, failed commits, votes without a majority
///       paused
///
/// Rounds themselves are `RoundCoordinator`'s, the machine that simulation drives too, and plans are
/// `Replanning`'s. This machine adds what a network needs: sites that come, go, and come again on
/// another stream; attempts with participants chosen anew; waits that end by themselves; votes on
/// digests; evaluations between rounds; pause, stop and the way to the end.
///
/// The caller carries actions out in their order and reports what came of them as events; every
/// event is legal in every state, and one that no longer matters gives nothing. What must survive a
/// crash is the caller's: the journal, who is quarantined, which rounds were evaluated, whether the
/// run is paused. After a restart a new machine begins from that, and the first `ready` moves it.
///
/// Invariants: a round is closed once; only sites whose stream is open and whose records are complete
/// are asked; an answer counts only for the ticket and on the stream it was asked on; a quarantined
/// site is neither asked nor told commits.
package struct RunMachine: Sendable {
  package typealias Ticket = RoundCoordinator.Ticket
  package typealias Report = RoundCoordinator.Report
  /// Chooses who is asked: any of those available, in any order. Nobody means: wait for others.
  package typealias Selection = @Sendable (_ ticket: Ticket, _ available: Set<Int>) -> [Int]

  let configuration: Configuration
  let selection: Selection
  var rounds: RoundCoordinator
  var replanning: Replanning
  var clients: [Client]

  /// Where the run stands.
  package internal(set) var phase = Phase.waiting
  /// Why it stands where it stands, for people; nil while it moves.
  package internal(set) var reason: String? = "waiting for sites"

  /// Set from a request until the run goes on.
  var pauseRequest: String?
  var stopRequest: String?
  /// The attempt the round under way had last; 0 before its first.
  var attempt = 0
  /// The greatest attempt that any round had.
  var greatestAttempt = 0
  /// Attempts since the last commit or wait.
  package internal(set) var tries = 0
  /// Who is not asked again in this series of attempts.
  var excluded: Set<Int> = []
  /// What `waiting` waits for.
  var wait = Wait.sites
  /// Whether this process has asked for a round yet.
  var hasBegun = false
  /// Whether the members of a run that goes on are still awaited.
  package internal(set) var isGathering: Bool
  /// Tickets of a branch that was rolled back are never used again: up to this round, attempts
  /// begin after this one.
  var spent = Ticket(round: 0, attempt: 0)

  var decision: Replanning.Decision?
  var evaluated: Set<Int>
  /// Who still owes an evaluation or a final digest.
  var pending: Set<Int> = []
  /// Who gave an evaluation.
  var evaluations: Set<Int> = []
  /// Digests for the vote under way: of results while collecting, of final states while comparing.
  var digests: [Int: [UInt8]] = [:]
  var reference: (round: Int, digest: [UInt8])?
  /// What the weights hash to after a round, where a replica of the caller's said so.
  var referenceState: (round: Int, digest: [UInt8])?

  /// - Parameters:
  ///   - configuration: What the run file says.
  ///   - lastCommitted: The round the journal ends with.
  ///   - selection: Chooses who is asked.
  ///   - isPaused: Whether the run was paused when the process ended.
  ///   - quarantined: Sites that are not asked until they are readmitted.
  ///   - evaluated: Rounds whose evaluation is known.
  ///   - members: Clients that the plan in force was made for.
  ///   - isFinished: Whether the journal's end is durable: then late sites are brought up to it.
  package init(
    configuration: Configuration, lastCommitted: Int = 0, selection: @escaping Selection,
    isPaused: Bool = false, quarantined: Set<Int> = [], evaluated: Set<Int> = [],
    members: Set<Int>, isFinished: Bool = false
  ) {
    self.configuration = configuration
    self.selection = selection
    self.evaluated = evaluated
    rounds = RoundCoordinator(lastCommitted: lastCommitted, quorumShare: configuration.quorum)
    isGathering = configuration.gathers && lastCommitted > 0
    replanning = Replanning(members: members)
    clients = Array(repeating: Client(), count: configuration.clients)
    for client in quarantined where clients.indices.contains(client) {
      clients[client].standing = .quarantined
      replanning.handle(.leave(client))
    }
    if isFinished {
      phase = .finished
      reason = nil
    } else if isPaused {
      phase = .paused
      reason = "paused"
      pauseRequest = "paused"
    }
  }

  /// Takes one event and says what to do about it, in order.
  package mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .ready(let client, let session, let round): ready(client, session, lastRound: round)
    case .gone(let client, let session): gone(client, session)
    case .left(let client, let session): left(client, session)
    case .readmit(let client): readmit(client)
    case .result(let client, let session, let ticket, let report, let digest):
      receive(report, digest: digest, for: ticket, from: client, session)
    case .declined(let client, let session, let ticket): declined(client, session, ticket)
    case .dropped(let ticket, let clients): dropped(ticket, clients)
    case .deadline(let ticket): deadline(ticket)
    case .committed(let ticket): committed(ticket)
    case .rejected(let ticket, let clients): rejected(ticket, clients)
    case .failed(let ticket, let reason): failed(ticket, reason)
    case .referenceDigest(let round, let digest): refer(round, digest)
    case .referenceState(let round, let digest): referState(round, digest)
    case .evaluation(let client, let session, let round): evaluation(client, session, round)
    case .evaluationDeadline(let round): evaluationDeadline(round)
    case .planned(let firstRound): planned(firstRound)
    case .planRefused: planRefused()
    case .estimates: estimates()
    case .pause(let reason): pause(reason)
    case .resume: resume()
    case .stop(let reason): stop(reason)
    case .retry: retry()
    case .gathered: gathered()
    case .stateDigest(let client, let session, let round, let digest):
      stateDigest(client, session, round, digest)
    case .digestDeadline: digestDeadline()
    case .rolledBack(let round, let members): rolledBack(to: round, members: members)
    case .unable(let reason): unable(reason)
    case .ended: ended()
    }
  }
}
