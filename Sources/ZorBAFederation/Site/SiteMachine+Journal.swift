/// The copy of the journal, and the weights that follow it.
extension SiteMachine {
  /// The round after all that has arrived.
  var nextRound: Int {
    var last = journalRound ?? 0
    if case .applying = work { last += 1 }
    return last + inbox.count { $0.isCommit } + 1
  }

  mutating func commit(_ round: Int) -> [Action] {
    guard link == .ready, round >= nextRound else { return [] }
    // A gap: what is missing is fetched, as after any other loss.
    guard round == nextRound else { return giveUpConnection() }
    // What is asked of earlier weights is late.
    if let wanted, wanted.round <= round { self.wanted = nil }
    return arrive(.commit(round))
  }

  mutating func arrive(_ item: Item) -> [Action] {
    guard link == .ready else { return [] }
    if inbox.contains(item), item != .record { return [] }
    if case .evaluation(let round) = item, work == .evaluating(round, isCancelled: false) {
      return []
    }
    if case .digest(let round) = item, work == .digesting(round, isCancelled: false) { return [] }
    inbox.append(item)
    var actions = cancelComputing()
    if case .commit = item { actions += cancelReading() }
    return actions
  }

  mutating func applied(_ round: Int) -> [Action] {
    guard work == .applying(round) else { return [] }
    work = .none
    journalRound = round
    if weightsRound != nil { weightsRound = round }
    kept = nil
    mismatches = 0
    return []
  }

  mutating func appended() -> [Action] {
    guard work == .appending else { return [] }
    work = .none
    // A plan may have changed what an answer would be.
    kept = nil
    return []
  }

  mutating func commitRefused(_ round: Int) -> [Action] {
    guard work == .applying(round) else { return [] }
    work = .none
    return mismatch("the chain of round \(round) does not continue the journal's copy")
  }

  mutating func recordRefused() -> [Action] {
    guard work == .appending else { return [] }
    work = .none
    return mismatch("the chain of a record does not continue the journal's copy")
  }

  mutating func applyFailed(_ round: Int) -> [Action] {
    guard work == .applying(round) else { return [] }
    work = .none
    return giveUpConnection()
  }

  mutating func appendFailed() -> [Action] {
    guard work == .appending else { return [] }
    work = .none
    return giveUpConnection()
  }

  mutating func fetched(_ round: Int) -> [Action] {
    guard work == .fetching else { return [] }
    work = .none
    kept = nil
    guard round >= (journalRound ?? 0) else {
      return mismatch("the journal's copy became shorter by fetching")
    }
    journalRound = round
    needsFetch = false
    return []
  }

  mutating func fetchFailed() -> [Action] {
    guard work == .fetching else { return [] }
    work = .none
    kept = nil
    return giveUpConnection()
  }

  mutating func rebuilt(_ round: Int) -> [Action] {
    guard work == .rebuilding else { return [] }
    work = .none
    kept = nil
    guard round == journalRound else {
      return mismatch("the weights came out at round \(round)")
    }
    weightsRound = round
    return []
  }

  mutating func rebuildFailed(_ reason: String) -> [Action] {
    guard work == .rebuilding else { return [] }
    work = .none
    return mismatch(reason)
  }

  /// Copy and weights are made anew, once; when that does not help, nothing will.
  private mutating func mismatch(_ reason: String) -> [Action] {
    mismatches += 1
    weightsRound = nil
    kept = nil
    mustRestart = true
    let actions = giveUpConnection()
    guard mismatches > 1, ending == nil else { return actions }
    return actions + end(.failed(reason: reason))
  }
}
