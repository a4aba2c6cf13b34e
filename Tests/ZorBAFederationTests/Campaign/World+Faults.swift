import ZorBAFederation

/// Breaking things, repairing them, and what must be true at the end.
extension World {
  func breakSomething() {
    let kinds = Fault.allCases.filter { setting.faults.contains($0) }
    guard let fault = kinds.randomElement(using: &random) else { return }
    let site = Int.random(in: 0..<setting.sites, using: &random)
    let isUp = coordinator.machine != nil
    switch fault {
    case .cut:
      guard let stream = streams.filter({ !$0.isCut }).randomElement(using: &random) else { return }
      note("cut of site \(stream.site)")
      cut(stream)
    case .coordinatorCrash:
      guard isUp else { return }
      crashCoordinator()
    case .siteCrash:
      guard sites[site].machine != nil else { return }
      crashSite(site)
    case .hang:
      guard sites[site].machine != nil else { return }
      sites[site].isHung.toggle()
      note("site \(site) hangs: \(sites[site].isHung)")
    case .divergence:
      guard let weights = sites[site].weights, sites[site].work == nil || chance(2) else { return }
      note("site \(site) diverges")
      sites[site].weights = weights ^ UInt64.random(in: 2...(1 << 60), using: &random)
      sites[site].isWrong = true
      // What is being computed reads some of it.
      if case .compute(let ticket, _, let plan, _, let isCancelled) = sites[site].work,
        let wrong = sites[site].weights
      {
        sites[site].work = .compute(
          ticket, from: wrong, plan: plan, isWrong: true, isCancelled: isCancelled)
      }
    case .journalRot:
      // Found when the process starts.
      crashSite(site)
      guard !sites[site].isDone, let last = sites[site].journal.last
      else { return }
      note("the journal of site \(site) rots")
      sites[site].journal[sites[site].journal.count - 1].chain = last.chain ^ 2
    case .coordinatorDisk: coordinator.isDiskFull.toggle()
    case .siteDisk: sites[site].isDiskFull.toggle()
    case .repeatedEvent:
      guard isUp, let event = coordinator.past.randomElement(using: &random) else { return }
      // A machine that has moved on must not care.
      note("again:")
      feed(event)
    case .earlyTimer:
      guard fireTimers() else { return }
    case .pause:
      guard isUp, !coordinator.isPaused else { return }
      feed(.pause(reason: "operator"))
    case .stop:
      guard chance(4), isUp, !coordinator.hasEnded else { return }
      coordinator.stopReason = "operator"
      feed(.stop(reason: "operator"))
    case .rollback:
      guard isUp, !coordinator.hasEnded, chance(2) else { return }
      rollBack(to: Int.random(in: 0...coordinator.journal.tail.round, using: &random))
    case .leave:
      guard chance(2), departed.count + 1 < setting.sites else { return }
      if chance(2) { departed.insert(site) }
      feed(site, .stop(reason: "the site's own"))
      if sites[site].machine == nil, departed.contains(site) { sites[site].isDone = true }
    case .absence:
      guard isUp, stream(of: site) == nil, coordinator.machine?.state(of: site) == .absent else {
        return
      }
      feed(.left(client: site))
    case .readmit:
      guard isUp, coordinator.quarantined.contains(site) else { return }
      readmit(site)
    case .estimates:
      guard isUp else { return }
      feed(.estimates)
    case .invalidEvent:
      guard isUp else { return }
      feedNonsense()
    case .refusal, .commitRot, .repeatedMessage, .rejection, .planRefused: return
    }
    count(fault)
  }

  /// Says that time is over before it is; whether there was any to be over.
  private func fireTimers() -> Bool {
    var events: [RunMachine.Event] = []
    if let ticket = coordinator.deadline { events.append(.deadline(ticket)) }
    if let round = coordinator.evaluationDeadline {
      events.append(.evaluationDeadline(round: round))
    }
    if coordinator.hasRetry { events.append(.retry) }
    if coordinator.digestDeadline { events.append(.digestDeadline) }
    guard let event = events.randomElement(using: &random) else { return false }
    feed(event)
    return true
  }

  /// What no honest peer says.
  private func feedNonsense() {
    let client = [-1, setting.sites, Int.max, 0][Int.random(in: 0..<4, using: &random)]
    let session = UInt64.random(in: 1_000_000...UInt64.max, using: &random)
    let round = [Int.min, -1, 0, 3, Int.max][Int.random(in: 0..<5, using: &random)]
    let ticket = RunMachine.Ticket(round: round, attempt: -1)
    let report = RunMachine.Report(client: client, scalars: [], examples: 0, loss: 0)
    let current = coordinator.machine?.ticket ?? ticket
    let events: [RunMachine.Event] = [
      .gone(client: client, session: session),
      .result(client: client, session: session, ticket, report, digest: nil),
      .result(client: client, session: session, current, report, digest: [1]),
      .result(client: 0, session: 1, current, report, digest: nil),
      .declined(client: client, session: session, current),
      .evaluation(client: client, session: session, round: round),
      .stateDigest(client: client, session: session, round: round, digest: []),
      .ready(client: max(setting.sites, client), session: session, lastRound: round),
      .committed(ticket), .rolledBack(to: -1), .readmit(client: setting.sites),
      .planned(firstRound: -1),
      .evaluationDeadline(round: round), .deadline(ticket),
      .failed(ticket, reason: ""), .rejected(ticket, clients: [client]),
    ]
    if let event = events.randomElement(using: &random), client != 0 || !isReportOfZero(event) {
      feed(event)
    }
  }

  private func isReportOfZero(_ event: RunMachine.Event) -> Bool {
    if case .result(0, 1, _, _, _) = event { true } else { false }
  }

  private func rollBack(to round: Int) {
    note("rolled back to \(round)")
    (coordinator.closing, coordinator.planning, coordinator.ending) = (nil, nil, nil)
    coordinator.journal = Array(
      coordinator.journal.prefix { $0.round < round || ($0.round == round && $0.isRound) })
    if round == 0 { coordinator.journal = [] }
    coordinator.evaluated = coordinator.evaluated.filter { $0 <= round }
    coordinator.stopReason = nil
    for stream in streams { dismiss(stream, .again) }
    // What the caller itself knew of the branch that is no more, it does not say again.
    coordinator.past.removeAll { if case .referenceDigest = $0 { true } else { false } }
    feed(.rolledBack(to: round, members: coordinator.members))
    giveReference()
  }

  private func readmit(_ client: Int) {
    guard coordinator.machine != nil, coordinator.quarantined.remove(client) != nil else { return }
    feed(.readmit(client: client))
  }

  /// What people and time mend once faults are over.
  func repair() {
    coordinator.isDiskFull = false
    for index in sites.indices {
      sites[index].isHung = false
      sites[index].isDiskFull = false
      if departed.contains(index), sites[index].machine == nil { sites[index].isDone = true }
    }
    guard let machine = coordinator.machine, chance(10) else { return }
    if machine.phase == .paused {
      if machine.reason?.contains("differ") == true {
        for index in sites.indices where sites[index].isWrong { crashSite(index) }
      }
      feed(.resume)
    }
    for client in coordinator.quarantined.sorted() { readmit(client) }
    for client in departed.sorted() where stream(of: client) == nil { feed(.left(client: client)) }
  }

  var isOver: Bool {
    coordinator.hasEnded && coordinator.machine?.phase == .finished
      && sites.allSatisfy { $0.isDone || (departed.contains($0.index) && $0.machine == nil) }
  }

  func checkEnd() {
    let journal = coordinator.journal
    var rounds = 0
    for entry in journal where entry.isRound {
      rounds += 1
      if entry.round != rounds { fail("round \(entry.round) is the journal's \(rounds)th") }
    }
    if coordinator.stopReason == nil, rounds != setting.rounds {
      fail("ends after \(rounds) of \(setting.rounds) rounds")
    }
    for site in sites where !departed.contains(site.index) && site.journal != journal {
      fail("site \(site.index) ends with another journal")
    }
    statistics.steps = steps
  }

  var hangDescription: String {
    let machine = coordinator.machine
    let states = sites.map { site in
      "\(site.index): \(site.machine.map { "\($0.link) \($0.work)" } ?? "down") "
        + "\(machine?.state(of: site.index).rawValue ?? "")"
    }
    return "coordinator \(machine?.phase.rawValue ?? "down") (\(machine?.reason ?? "")), "
      + "round \(coordinator.journal.tail.round) of \(setting.rounds), sites \(states)"
  }
}
