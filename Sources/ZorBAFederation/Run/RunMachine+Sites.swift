/// Sites that come, go, leave and come again.
extension RunMachine {
  mutating func ready(_ client: Int, _ session: UInt64, lastRound: Int) -> [Action] {
    guard clients.indices.contains(client), lastRound >= 0 else { return [] }
    var actions: [Action] = []
    if let newest = clients[client].newest {
      // Streams are noticed to be dead late, so a new one may come first, and news of the old one after.
      if session < newest { return [.superseded(client: client, session: session)] }
      if session == newest { return [] }
      if clients[client].isOpen {
        actions.append(.superseded(client: client, session: newest))
        actions += close(client)
      }
    }
    clients[client].newest = session
    clients[client].isOpen = true
    clients[client].lastRound = lastRound
    if clients[client].standing == .quarantined { return actions }
    clients[client].standing = .member
    return actions + admit(client)
  }

  mutating func gone(_ client: Int, _ session: UInt64) -> [Action] {
    guard clients.indices.contains(client), clients[client].isOpen,
      clients[client].newest == session
    else { return [] }
    return close(client)
  }

  mutating func left(_ client: Int, _ session: UInt64?) -> [Action] {
    guard clients.indices.contains(client), clients[client].standing == .member else { return [] }
    if let session, clients[client].isOpen, session != clients[client].newest { return [] }
    clients[client].standing = .left
    replanning.handle(.leave(client))
    let actions = close(client)
    // Fewer sites may now be enough to start with, and digests of fewer be all there are.
    if phase == .waiting, wait != .answers { return actions + advance() }
    if phase == .comparing { return actions + compareIfComplete() }
    return actions
  }

  mutating func readmit(_ client: Int) -> [Action] {
    guard clients.indices.contains(client), clients[client].standing == .quarantined else {
      return []
    }
    clients[client].standing = .member
    replanning.handle(.join(client))
    return clients[client].isOpen ? admit(client) : []
  }

  /// Takes in a client whose stream has just become one of a member.
  private mutating func admit(_ client: Int) -> [Action] {
    if clients[client].lastRound > durableReach, let session = clients[client].newest {
      clients[client].isOpen = false
      return [.again(client: client, session: session)]
    }
    replanning.handle(.join(client))
    var actions = [Action.catchUp(client: client, after: clients[client].lastRound)]
    switch phase {
    case .waiting:
      renewAttempts()
      actions += advance()
    case .evaluating:
      guard !evaluations.contains(client) else { break }
      pending.insert(client)
      actions.append(.evaluate(round: lastCommitted, clients: [client]))
    case .comparing:
      guard digests[client] == nil else { break }
      pending.insert(client)
      reason = nil
      actions.append(.requestDigests(round: lastCommitted, clients: [client]))
    default: break
    }
    return actions
  }

  /// Takes note that a client's stream is of no use any more.
  mutating func close(_ client: Int) -> [Action] {
    clients[client].isOpen = false
    pending.remove(client)
    switch phase {
    case .collecting: return follow(rounds.handle(.lost(ticket, client: client)))
    case .evaluating: return evaluatedIfComplete()
    default: return []
    }
  }

  /// Shuts a client out until it is readmitted.
  mutating func quarantine(_ client: Int, reason: String) -> Action {
    clients[client].standing = .quarantined
    clients[client].isOpen = false
    replanning.handle(.leave(client))
    return .quarantine(client: client, reason: reason)
  }

  /// Clients of whom something can be expected.
  var expected: [Int] {
    clients.indices.filter {
      clients[$0].standing == .member && replanning.members.contains($0)
    }
  }
}
