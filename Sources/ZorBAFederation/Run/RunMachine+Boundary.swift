/// Between rounds: what comes next.
extension RunMachine {
  /// Goes on from a point at which nothing is under way.
  mutating func advance() -> [Action] {
    if let pauseRequest {
      phase = .paused
      reason = pauseRequest
      return [.paused(reason: pauseRequest)]
    }
    if stopRequest != nil || (isComplete && !isEvaluationDue) { return compare() }
    let (count, enough) = (current.count, sitesToStart)
    guard count >= enough else {
      stand(.sites, "waiting for sites: \(count) of \(enough) are ready")
      return []
    }
    if isEvaluationDue { return evaluate() }
    if let decision = replanning.boundary(nextRound: lastCommitted + 1) {
      self.decision = decision
      phase = .planning
      reason = nil
      return [.replan(decision)]
    }
    return begin()
  }

  var isComplete: Bool { lastCommitted >= configuration.rounds }

  private var sitesToStart: Int {
    if isGathering { return max(1, expected.count) }
    guard !hasBegun, lastCommitted == 0 else { return 1 }
    let possible = clients.count { $0.standing == .member }
    return max(1, min(configuration.startWith, possible))
  }

  /// The last round that the journal may hold: one being closed may be durable before we hear of it.
  var durableReach: Int { phase == .closing ? lastCommitted + 1 : lastCommitted }

  /// Waits.
  mutating func stand(_ wait: Wait, _ reason: String) {
    phase = .waiting
    self.wait = wait
    self.reason = reason
  }

  mutating func retry() -> [Action] {
    guard phase == .waiting else { return [] }
    switch wait {
    case .sites: return []
    case .selection: attempt = max(attempt, spentAttempt) + 1
    case .answers: break
    }
    renewAttempts()
    return advance()
  }

  mutating func gathered() -> [Action] {
    isGathering = false
    return phase == .waiting && wait == .sites ? advance() : []
  }

  private var spentAttempt: Int { lastCommitted + 1 <= spent.round ? spent.attempt : 0 }

  mutating func pause(_ reason: String) -> [Action] {
    guard phase != .ending, phase != .finished, pauseRequest == nil else { return [] }
    pauseRequest = reason
    guard phase == .waiting || phase == .comparing else { return [] }
    pending = []
    return advance()
  }

  mutating func resume() -> [Action] {
    guard pauseRequest != nil else { return [] }
    pauseRequest = nil
    guard phase == .paused else { return [] }
    renewAttempts()
    return [.resumed] + advance()
  }

  mutating func stop(_ reason: String) -> [Action] {
    guard phase != .ending, phase != .finished, stopRequest == nil else { return [] }
    stopRequest = reason
    pauseRequest = nil
    switch phase {
    case .paused: return [.resumed] + advance()
    case .waiting: return advance()
    default: return []
    }
  }

  mutating func planned(_ firstRound: Int) -> [Action] {
    guard phase == .planning, decision?.firstRound == firstRound else { return [] }
    replanning.handle(.planned)
    decision = nil
    return advance()
  }

  mutating func planRefused() -> [Action] {
    guard phase == .planning else { return [] }
    replanning.handle(.refused)
    decision = nil
    return advance()
  }

  mutating func estimates() -> [Action] {
    replanning.handle(.estimates)
    return phase == .waiting && wait != .answers ? advance() : []
  }

  mutating func unable(_ reason: String) -> [Action] {
    guard phase == .planning || phase == .ending else { return [] }
    decision = nil
    pauseRequest = reason
    return advance()
  }

  mutating func rolledBack(to round: Int, members: Set<Int>?) -> [Action] {
    guard (0...durableReach).contains(round) else { return [] }
    let cancelled = phase == .collecting ? [Action.cancelDeadline(ticket)] : []
    spent = Ticket(round: max(spent.round, lastCommitted + 1), attempt: greatestAttempt)
    attempt = 0
    rounds = RoundCoordinator(lastCommitted: round, quorumShare: configuration.quorum)
    evaluated = evaluated.filter { $0 <= round }
    for client in clients.indices { clients[client].isOpen = false }
    if let members {
      replanning = Replanning(members: members)
      for client in clients.indices where clients[client].standing != .member {
        replanning.handle(.leave(client))
      }
    }
    hasBegun = hasBegun && round > 0
    isGathering = configuration.gathers && round > 0
    (stopRequest, decision, reference, referenceState) = (nil, nil, nil, nil)
    (pending, digests, evaluations) = ([], [:], [])
    renewAttempts()
    if phase == .paused { return [] }
    return cancelled + advance()
  }
}
