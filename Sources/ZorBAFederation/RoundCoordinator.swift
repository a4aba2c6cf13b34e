/// The coordinator's side of a round as a pure state machine: events in, actions out, no I/O.
///
///     idle → collecting → committing → idle
///                ↑  │ too few results: another attempt, then paused
///                └──┘
///
/// Every message carries (round, attempt), so repeated, late and reordered messages change nothing.
/// The caller makes a commit durable before it reports `committed`; only then does anyone hear of
/// it. Clocks, transports and arithmetic live outside: the machine decides who is asked, whose
/// answer counts and when a round ends.
public struct RoundCoordinator: Sendable {
  /// Identifies one try at one round.
  public struct Ticket: Hashable, Sendable {
    /// The round, from 1.
    public var round: Int
    /// The try, from 1.
    public var attempt: Int

    /// Creates a ticket.
    public init(round: Int, attempt: Int) {
      self.round = round
      self.attempt = attempt
    }
  }

  /// What a client sends back for one round.
  public struct Report: Hashable, Sendable {
    /// The client's index.
    public var client: Int
    /// Finite differences, [local steps][directions].
    public var scalars: [[Float]]
    /// Examples in the minibatch.
    public var examples: Int
    /// Mean loss over both sides of all directions.
    public var loss: Double

    /// Creates a report.
    public init(client: Int, scalars: [[Float]], examples: Int, loss: Double) {
      self.client = client
      self.scalars = scalars
      self.examples = examples
      self.loss = loss
    }
  }

  /// What can happen.
  public enum Event: Sendable {
    /// Begin the next round with these clients, ascending.
    case start(participants: [Int])
    /// Begin the next round, or try it again, with these clients, ascending, under this attempt: for
    /// callers who choose participants anew for every attempt and number attempts themselves.
    case begin(participants: [Int], attempt: Int)
    /// A client answered.
    case result(Ticket, Report)
    /// A client was lost, or refused, before it answered.
    case lost(Ticket, client: Int)
    /// The round's time is over.
    case deadline(Ticket)
    /// The commit is durable.
    case committed(Ticket)
    /// The commit cannot be made of these reports; nothing of it is durable.
    case abandoned(Ticket)
  }

  /// What the caller must do.
  public enum Action: Sendable, Equatable {
    /// Ask these clients for their results.
    case assign(Ticket, participants: [Int])
    /// Aggregate these reports (ascending by client), journal them durably, then say `committed`.
    case commit(Ticket, [Report])
    /// Stop: too few answers in every attempt.
    case pause(Ticket, answered: Int, needed: Int)
  }

  /// Where the machine stands.
  public enum State: Hashable, Sendable {
    /// Between rounds.
    case idle
    /// Waiting for answers.
    case collecting
    /// Waiting for durability.
    case committing
    /// Stopped until started again.
    case paused
  }

  /// Where the machine stands.
  public private(set) var state = State.idle
  /// The last round that was committed; 0 before the first.
  public private(set) var lastCommitted: Int
  /// The try under way.
  public private(set) var ticket: Ticket

  /// How many answers a round needs.
  private enum Quorum: Sendable {
    case count(Int)
    case share(Double)
  }

  private let quorum: Quorum
  private let maximumAttempts: Int
  private var participants: [Int] = []
  private var reports: [Int: Report] = [:]
  private var missing: Set<Int> = []

  /// - Parameters:
  ///   - lastCommitted: The round the journal ends with.
  ///   - quorum: Answers without which a round is tried again; at least 1.
  ///   - maximumAttempts: Tries before the machine pauses.
  public init(lastCommitted: Int = 0, quorum: Int = 1, maximumAttempts: Int = 3) {
    precondition(quorum >= 1 && maximumAttempts >= 1)
    self.lastCommitted = lastCommitted
    self.quorum = .count(quorum)
    self.maximumAttempts = maximumAttempts
    self.ticket = Ticket(round: lastCommitted, attempt: 0)
  }

  /// A machine that pauses after every attempt with too few answers, so that its caller chooses who
  /// is asked next (`begin`).
  ///
  /// - Parameters:
  ///   - lastCommitted: The round the journal ends with.
  ///   - quorumShare: The share of the asked who must answer, 0 to 1; at least one always must.
  package init(lastCommitted: Int, quorumShare: Double) {
    self.lastCommitted = lastCommitted
    self.quorum = .share(quorumShare)
    self.maximumAttempts = 1
    self.ticket = Ticket(round: lastCommitted, attempt: 0)
  }

  /// Answers that the try under way needs.
  package var needed: Int {
    switch quorum {
    case .count(let count): return min(count, participants.count)
    case .share(let share):
      guard share >= 0, share <= 1 else { return participants.count }
      // 0.1 × 30 is a little more than 3 in binary; what is meant is 3.
      let exact = share * Double(participants.count)
      return max(1, Int((exact - 1e-9).rounded(.up)))
    }
  }

  /// Whose answer the try under way still waits for, ascending.
  package var awaited: [Int] { state == .collecting ? missing.sorted() : [] }

  /// Whether the try under way still waits for this client's answer.
  package func isAwaiting(_ client: Int) -> Bool {
    state == .collecting && missing.contains(client)
  }

  /// Takes one event and says what to do about it; events that no longer matter give nothing.
  public mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .start(let participants): start(participants, attempt: 1)
    case .begin(let participants, let attempt): start(participants, attempt: attempt)
    case .result(let ticket, let report): receive(report, for: ticket)
    case .lost(let ticket, let client): drop(client, for: ticket)
    case .deadline(let ticket): ticket == self.ticket && state == .collecting ? close() : []
    case .committed(let ticket): finish(ticket)
    case .abandoned(let ticket): abandon(ticket)
    }
  }

  private mutating func start(_ participants: [Int], attempt: Int) -> [Action] {
    guard state == .idle || state == .paused, !participants.isEmpty else { return [] }
    self.participants = participants
    return assign(Ticket(round: lastCommitted + 1, attempt: attempt))
  }

  private mutating func assign(_ ticket: Ticket) -> [Action] {
    self.ticket = ticket
    reports = [:]
    missing = Set(participants)
    state = .collecting
    return [.assign(ticket, participants: participants)]
  }

  private mutating func receive(_ report: Report, for ticket: Ticket) -> [Action] {
    guard state == .collecting, ticket == self.ticket, missing.remove(report.client) != nil else {
      return []
    }
    reports[report.client] = report
    return missing.isEmpty ? close() : []
  }

  private mutating func drop(_ client: Int, for ticket: Ticket) -> [Action] {
    guard state == .collecting, ticket == self.ticket, missing.remove(client) != nil else {
      return []
    }
    return missing.isEmpty ? close() : []
  }

  private mutating func close() -> [Action] {
    if reports.count >= needed {
      state = .committing
      return [.commit(ticket, reports.values.sorted { $0.client < $1.client })]
    }
    if ticket.attempt < maximumAttempts {
      return assign(Ticket(round: ticket.round, attempt: ticket.attempt + 1))
    }
    state = .paused
    return [.pause(ticket, answered: reports.count, needed: needed)]
  }

  private mutating func finish(_ ticket: Ticket) -> [Action] {
    guard state == .committing, ticket == self.ticket else { return [] }
    lastCommitted = ticket.round
    state = .idle
    return []
  }

  private mutating func abandon(_ ticket: Ticket) -> [Action] {
    guard state == .committing, ticket == self.ticket else { return [] }
    state = .paused
    return []
  }
}
