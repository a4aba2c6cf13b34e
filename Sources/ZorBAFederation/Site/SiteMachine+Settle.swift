/// What to do next, from what is the case alone.
extension SiteMachine {
  /// Begins whatever can begin now.
  mutating func settle() -> [Action] {
    var actions: [Action] = []
    if link == .open, isJournalStill {
      link = .greeting
      actions.append(.sendHello)
    }
    if link == .preparing { actions += prepare() }
    guard work == .none else { return actions }
    if link == .ready || ending != nil { actions += workOff() }
    guard work == .none, inbox.isEmpty, let ending else { return actions }
    link = .over
    return actions + [.finish(ending)]
  }

  private var isJournalStill: Bool {
    switch work {
    case .none, .rebuilding, .computing, .evaluating, .digesting: true
    case .fetching, .applying, .appending: false
    }
  }

  /// Brings journal and weights to where the run stands, and says so.
  private mutating func prepare() -> [Action] {
    let mustMove = mustRestart || needsFetch || weightsRound == nil || weightsRound != journalRound
    guard work == .none else { return mustMove ? cancelComputing() : readyIfStill() }
    guard ending == nil else { return [] }
    var actions: [Action] = []
    if mustRestart {
      mustRestart = false
      needsFetch = true
      (journalRound, weightsRound, kept) = (nil, nil, nil)
      actions.append(.putJournalAside)
    }
    if needsFetch {
      work = .fetching
      return actions + [.fetch(fromRound: (journalRound ?? 0) + 1)]
    }
    guard let weightsRound else {
      work = .rebuilding
      return actions + [.rebuild]
    }
    if let journalRound, weightsRound < journalRound {
      work = .rebuilding
      return actions + [.replay(fromRound: weightsRound + 1)]
    }
    return actions + readyIfStill()
  }

  /// Weights that are only read do not keep a site from being ready.
  private mutating func readyIfStill() -> [Action] {
    switch work {
    case .none, .computing, .evaluating, .digesting: break
    case .fetching, .rebuilding, .applying, .appending: return []
    }
    guard ending == nil, let journalRound else { return [] }
    link = .ready
    return [.sendReady(round: journalRound)]
  }

  /// Whether somebody still waits for what the weights of a round give.
  private func isReadable(at round: Int) -> Bool {
    ending == nil && weightsRound == round && !inbox.contains(where: \.isCommit)
  }

  /// Takes up what has arrived; assignments come last.
  private mutating func workOff() -> [Action] {
    while !inbox.isEmpty {
      let item = inbox.removeFirst()
      switch item {
      case .commit(let round):
        work = .applying(round)
        return [.apply(round: round)]
      case .record:
        work = .appending
        return [.append]
      case .evaluation(let round):
        guard isReadable(at: round) else { continue }
        work = .evaluating(round, isCancelled: false)
        return [.evaluate(round: round)]
      case .digest(let round):
        guard isReadable(at: round) else { continue }
        work = .digesting(round, isCancelled: false)
        return [.digest(round: round)]
      }
    }
    guard let wanted, ending == nil, weightsRound == wanted.round - 1 else { return [] }
    if kept == wanted {
      self.wanted = nil
      return [.sendResult(wanted)]
    }
    work = .computing(wanted, isCancelled: false)
    return [.compute(wanted)]
  }
}
