/// What the coordinator asks of the weights, and the answers.
extension SiteMachine {
  mutating func assignment(_ ticket: Ticket) -> [Action] {
    guard link == .ready, ticket.round >= nextRound else { return [] }
    guard ticket.round == nextRound else { return giveUpConnection() }
    guard ticket != wanted else { return [] }
    wanted = ticket
    // The coordinator is past whatever else it asked before.
    inbox.removeAll { if case .evaluation = $0 { true } else { false } }
    var actions = cancelReading()
    if case .computing(ticket, false) = work { return actions }
    actions += cancelComputing()
    return actions
  }

  mutating func computed(_ ticket: Ticket) -> [Action] {
    guard case .computing(ticket, let isCancelled) = work else { return [] }
    work = .none
    guard !isCancelled else { return [] }
    kept = ticket
    return []
  }

  mutating func computeFailed(_ ticket: Ticket, _ cause: DeclineCause) -> [Action] {
    guard case .computing(ticket, let isCancelled) = work else { return [] }
    work = .none
    guard !isCancelled, wanted == ticket else { return [] }
    wanted = nil
    return [.sendDeclined(ticket, cause)]
  }

  mutating func computeStopped(_ ticket: Ticket) -> [Action] {
    guard case .computing(ticket, _) = work else { return [] }
    work = .none
    return []
  }

  mutating func evaluated(_ round: Int) -> [Action] {
    guard case .evaluating(round, let isCancelled) = work else { return [] }
    work = .none
    return isCancelled || link != .ready ? [] : [.sendEvaluation(round: round)]
  }

  mutating func digested(_ round: Int) -> [Action] {
    guard case .digesting(round, let isCancelled) = work else { return [] }
    work = .none
    return isCancelled || link != .ready ? [] : [.sendDigest(round: round)]
  }

  mutating func cancelComputing() -> [Action] {
    guard case .computing(let ticket, false) = work else { return [] }
    work = .computing(ticket, isCancelled: true)
    return [.cancelCompute(ticket)]
  }

  /// Gives up evaluations and digests under way, of which nobody waits for the outcome.
  mutating func cancelReading() -> [Action] {
    switch work {
    case .evaluating(let round, false):
      work = .evaluating(round, isCancelled: true)
      return [.cancelEvaluation(round: round)]
    case .digesting(let round, false):
      work = .digesting(round, isCancelled: true)
      return []
    default: return []
    }
  }
}
