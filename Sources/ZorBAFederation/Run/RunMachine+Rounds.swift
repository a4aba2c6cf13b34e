/// The round under way: who is asked, whose answer counts, when it closes.
extension RunMachine {
  /// Asks for the next round, or for the next attempt at it.
  mutating func begin() -> [Action] {
    let ready = Set(current)
    let available = ready.subtracting(excluded)
    let ticket = nextTicket
    let chosen = available.isEmpty ? [] : available.intersection(selection(ticket, available))
    guard !chosen.isEmpty else {
      // Everybody who is there was left out or is not chosen. Others may come; a retry draws anew.
      stand(.selection, "none of the \(ready.count) sites that are ready can take part")
      return [.scheduleRetry]
    }
    attempt = ticket.attempt
    greatestAttempt = max(greatestAttempt, attempt)
    tries += 1
    hasBegun = true
    isGathering = false
    digests = [:]
    return follow(rounds.handle(.begin(participants: chosen.sorted(), attempt: attempt)))
  }

  /// The ticket that the next attempt would have.
  private var nextTicket: Ticket {
    let round = lastCommitted + 1
    let base = round <= spent.round ? spent.attempt : 0
    return Ticket(round: round, attempt: max(base, attempt) + 1)
  }

  mutating func receive(
    _ report: Report, digest: [UInt8]?, for ticket: Ticket, from client: Int, _ session: UInt64
  ) -> [Action] {
    guard phase == .collecting, ticket == self.ticket, report.client == client,
      clients.indices.contains(client), clients[client].speaks(on: session),
      rounds.isAwaiting(client)
    else { return [] }
    digests[client] = digest
    return follow(rounds.handle(.result(ticket, report)))
  }

  mutating func declined(_ client: Int, _ session: UInt64, _ ticket: Ticket) -> [Action] {
    guard phase == .collecting, ticket == self.ticket, clients.indices.contains(client),
      clients[client].speaks(on: session), rounds.isAwaiting(client)
    else { return [] }
    excluded.insert(client)
    return follow(rounds.handle(.lost(ticket, client: client)))
  }

  mutating func dropped(_ ticket: Ticket, _ clients: Set<Int>) -> [Action] {
    clients.sorted().flatMap { client -> [Action] in
      guard phase == .collecting, ticket == self.ticket else { return [] }
      return follow(rounds.handle(.lost(ticket, client: client)))
    }
  }

  mutating func deadline(_ ticket: Ticket) -> [Action] {
    guard phase == .collecting, ticket == self.ticket else { return [] }
    return follow(rounds.handle(.deadline(ticket))).filter { $0 != .cancelDeadline(ticket) }
  }

  /// Turns what the round wants into what the run does.
  mutating func follow(_ actions: [RoundCoordinator.Action]) -> [Action] {
    actions.flatMap { action -> [Action] in
      switch action {
      case .assign(let ticket, let participants):
        phase = .collecting
        reason = nil
        return [.assign(ticket, clients: participants), .startDeadline(ticket)]
      case .commit(let ticket, let reports):
        return [.cancelDeadline(ticket)] + judge(reports, for: ticket)
      case .pause(let ticket, let answered, let needed):
        return [.cancelDeadline(ticket)]
          + attemptFailed("\(answered) of the \(needed) answers that round \(ticket.round) needs")
      }
    }
  }

  /// Compares the digests of the answers, and closes the round with those that agree.
  private mutating func judge(_ reports: [Report], for ticket: Ticket) -> [Action] {
    phase = .closing
    let known = reference?.round == ticket.round ? reference?.digest : nil
    switch DigestVote(digests, reference: known) {
    case .undecided(let sides):
      _ = rounds.handle(.abandoned(ticket))
      pauseRequest =
        "the weights of the sites differ before round \(ticket.round) and no side has a majority: "
        + sides
      return advance()
    case .decided(_, let dissenters):
      let actions = dissenters.map {
        quarantine($0, reason: "its weights differ before round \(ticket.round)")
      }
      let remaining = reports.filter { !dissenters.contains($0.client) }
      guard !remaining.isEmpty, remaining.count >= rounds.needed else {
        _ = rounds.handle(.abandoned(ticket))
        return actions + attemptFailed("too few sites with the right weights answered")
      }
      return actions + [.close(ticket, remaining)]
    }
  }

  mutating func committed(_ ticket: Ticket) -> [Action] {
    guard phase == .closing, ticket == self.ticket else { return [] }
    _ = rounds.handle(.committed(ticket))
    attempt = 0
    renewAttempts()
    let told = current
    let broadcast = told.isEmpty ? [] : [Action.broadcast(round: ticket.round, clients: told)]
    return broadcast + advance()
  }

  mutating func rejected(_ ticket: Ticket, _ clients: Set<Int>) -> [Action] {
    guard phase == .closing, ticket == self.ticket else { return [] }
    _ = rounds.handle(.abandoned(ticket))
    excluded.formUnion(clients)
    return attemptFailed("too few usable answers to round \(ticket.round)")
  }

  mutating func failed(_ ticket: Ticket, _ reason: String) -> [Action] {
    guard phase == .closing, ticket == self.ticket else { return [] }
    _ = rounds.handle(.abandoned(ticket))
    pauseRequest = reason
    return advance()
  }

  mutating func refer(_ round: Int, _ digest: [UInt8]) -> [Action] {
    // Of the next round, or, while one is being closed, of the one after it; never an older one.
    if round >= reference?.round ?? 0, round <= durableReach + 1 { reference = (round, digest) }
    return []
  }

  /// Tries again with others, or waits a while once that was done often enough.
  private mutating func attemptFailed(_ why: String) -> [Action] {
    guard pauseRequest == nil, stopRequest == nil, tries >= configuration.attempts else {
      return advance()
    }
    stand(.answers, why)
    return [.scheduleRetry]
  }

  /// Lets a new series of attempts begin.
  mutating func renewAttempts() {
    tries = 0
    excluded = []
  }
}
