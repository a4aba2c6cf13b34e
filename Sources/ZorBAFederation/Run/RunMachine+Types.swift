extension RunMachine {
  /// What the run file says about rounds over a network.
  package struct Configuration: Sendable, Hashable {
    /// Clients of the run, whether they are there or not; their indices lie below.
    package var clients: Int
    /// The last round.
    package var rounds: Int
    /// The share of the asked who must answer, 0 to 1; at least one always must.
    package var quorum: Double
    /// Attempts at a round before the machine waits a while; at least 1.
    package var attempts: Int
    /// Sites that must be ready before the first round of a run; later rounds need one.
    package var startWith: Int
    /// Rounds between evaluations; 0 is never.
    package var evaluateEvery: Int
    /// Whether to evaluate before the first round and after the last.
    package var evaluatesEnds: Bool
    /// Whether a run that is taken up again, or goes back, waits for all its members until `gathered`:
    /// whoever is first to come again should not train alone.
    package var gathers: Bool

    package init(
      clients: Int, rounds: Int, quorum: Double = 1, attempts: Int = 3, startWith: Int = 1,
      evaluateEvery: Int = 0, evaluatesEnds: Bool = false, gathers: Bool = false
    ) {
      self.clients = clients
      self.rounds = rounds
      self.quorum = quorum
      self.attempts = attempts
      self.startWith = startWith
      self.evaluateEvery = evaluateEvery
      self.evaluatesEnds = evaluatesEnds
      self.gathers = gathers
    }
  }

  /// Where a run stands.
  package enum Phase: String, Sendable, CaseIterable {
    /// For sites, or for a while after too few answers.
    case waiting
    /// Answers to an assignment are awaited.
    case collecting
    /// A commit is being made durable.
    case closing
    /// Metrics are awaited.
    case evaluating
    /// A plan is being made.
    case planning
    /// Until `resume`.
    case paused
    /// Digests of the final state are awaited.
    case comparing
    /// The end is being made durable.
    case ending
    /// Nothing is left to do but to bring late sites up to the end.
    case finished
  }

  /// What a client is to the run.
  package enum ClientState: String, Sendable, CaseIterable {
    /// Without a stream on which it said that it is ready.
    case absent
    /// Ready, and told every commit.
    case current
    /// Not asked and told nothing until it is readmitted.
    case quarantined
    /// No member any more, until it comes again.
    case left
  }

  /// What the machine remembers of a client.
  struct Client: Sendable {
    enum Standing: Sendable { case member, quarantined, left }

    var standing = Standing.member
    /// The newest stream on which it was ready; later streams have greater numbers.
    var newest: UInt64?
    /// Whether that stream is open.
    var isOpen = false
    /// Where its weights stood when it said so.
    var lastRound = 0

    var isCurrent: Bool { isOpen && standing == .member }
    /// Whether what comes on this stream matters.
    func speaks(on session: UInt64) -> Bool { isCurrent && newest == session }
  }

  /// What `waiting` waits for.
  enum Wait: Sendable {
    /// Sites to be ready.
    case sites
    /// Somebody whom the selection takes; a retry draws anew.
    case selection
    /// Time, after too few answers in every attempt; or another site.
    case answers
  }

  /// The last round that was committed; 0 before the first.
  package var lastCommitted: Int { rounds.lastCommitted }

  /// The try under way, or the last one.
  package var ticket: Ticket { rounds.ticket }

  /// Whose answer the try under way still waits for, ascending.
  package var awaited: [Int] {
    switch phase {
    case .collecting: rounds.awaited
    case .evaluating, .comparing: pending.sorted()
    default: []
    }
  }

  /// Clients that are ready, ascending: those who hear commits and records of the journal.
  package var current: [Int] { clients.indices.filter { clients[$0].isCurrent } }

  /// What a client is to the run.
  package func state(of client: Int) -> ClientState {
    guard clients.indices.contains(client) else { return .absent }
    return switch clients[client].standing {
    case .quarantined: .quarantined
    case .left: .left
    case .member: clients[client].isOpen ? .current : .absent
    }
  }
}
