/// The connection: made, lost, made again.
extension SiteMachine {
  mutating func started(_ round: Int?) -> [Action] {
    guard link == .idle else { return [] }
    journalRound = round
    link = .connecting
    return [.connect]
  }

  mutating func connected() -> [Action] {
    guard link == .connecting else { return [] }
    link = .open
    return []
  }

  mutating func disconnected() -> [Action] {
    switch link {
    case .idle, .waiting, .over: return []
    case .connecting, .open, .greeting, .preparing, .ready, .closing: break
    }
    link = .waiting
    wanted = nil
    // After a farewell, what has arrived is worked off; otherwise it will be fetched.
    guard ending == nil else { return cancelReading() }
    failures += 1
    return discard() + cancelReading() + [.scheduleReconnect(attempt: failures)]
  }

  mutating func retryTimer() -> [Action] {
    guard link == .waiting, ending == nil else { return [] }
    link = .connecting
    return [.connect]
  }

  mutating func welcome(lastRound: Int, restarts: Bool) -> [Action] {
    guard link == .greeting else { return [] }
    link = .preparing
    failures = 0
    if restarts || lastRound < (journalRound ?? 0) { mustRestart = true }
    needsFetch = journalRound != lastRound
    return []
  }

  mutating func goodbye(_ kind: Goodbye) -> [Action] {
    guard isConnected || link == .connecting else { return [] }
    switch kind {
    case .again: return giveUpConnection()
    case .diverged:
      // Every record was checked as it came, so the journal is right and the weights are not.
      weightsRound = nil
      kept = nil
      return cancelComputing() + giveUpConnection()
    case .finished: return end(.finished)
    case .stopped: return end(.stopped)
    case .refused: return end(.refused)
    case .superseded: return end(.superseded)
    }
  }

  mutating func stop(_ reason: String) -> [Action] {
    ending = .interrupted(reason: reason)
    return end(.interrupted(reason: reason)) + discard()
  }

  /// Ends once what has arrived is worked off; the first reason stays.
  mutating func end(_ outcome: Outcome) -> [Action] {
    if ending == nil { ending = outcome }
    wanted = nil
    return cancelComputing() + cancelReading()
  }

  /// Ends a connection that is of no use; a new one is made as usual. A farewell does not count when
  /// the copy of the journal is not complete.
  mutating func giveUpConnection() -> [Action] {
    let wasOver = ending == .finished || ending == .stopped
    if wasOver { ending = nil }
    wanted = nil
    let discarded = discard()
    if isConnected || link == .connecting {
      link = .closing
      return discarded + [.disconnect]
    }
    guard wasOver, link == .waiting else { return discarded }
    failures += 1
    return discarded + [.scheduleReconnect(attempt: failures)]
  }

  private var isConnected: Bool {
    switch link {
    case .open, .greeting, .preparing, .ready: true
    case .idle, .waiting, .connecting, .closing, .over: false
    }
  }

  /// Forgets what has arrived and is not applied: it will be fetched.
  private mutating func discard() -> [Action] {
    inbox = []
    return [.discardKept]
  }
}

extension SiteMachine.Item {
  var isCommit: Bool { if case .commit = self { true } else { false } }
}
