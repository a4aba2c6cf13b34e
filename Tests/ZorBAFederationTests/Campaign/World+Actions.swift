import ZorBAFederation

/// What the simulated coordinator does, and what must hold when it does it.
extension World {
  func perform(_ action: RunMachine.Action) {
    let last = coordinator.journal.tail.round
    switch action {
    case .assign(let ticket, let clients):
      statistics.attempts += 1
      if ticket.round != last + 1 { fail("\(ticket) is assigned after round \(last)") }
      if coordinator.asked[ticket] != nil { fail("\(ticket) is assigned twice") }
      if clients.isEmpty || clients != Set(clients).sorted() { fail("\(clients) are asked") }
      coordinator.asked[ticket] = clients
      for client in clients {
        if coordinator.quarantined.contains(client) { fail("\(client) is quarantined and asked") }
        guard let stream = stream(of: client) else {
          fail("client \(client) is asked without a stream")
          continue
        }
        stream.say(.assignment(ticket))
      }
    case .startDeadline(let ticket): coordinator.deadline = ticket
    case .cancelDeadline(let ticket):
      if coordinator.deadline == ticket { coordinator.deadline = nil }
    case .close(let ticket, let reports): close(ticket, reports)
    case .broadcast(let round, let clients):
      guard let entry = coordinator.journal.last(where: { $0.isRound }), entry.round == round else {
        return fail("round \(round) is told before it is durable, or not as the last one")
      }
      if clients.isEmpty || clients != Set(clients).sorted() { fail("\(clients) are told") }
      for client in clients {
        if coordinator.quarantined.contains(client) { fail("\(client) is quarantined and told") }
        guard let stream = stream(of: client) else { return fail("\(client) is told and away") }
        stream.say(.entry(entry))
      }
    case .catchUp(let client, let after): catchUp(client, after: after)
    case .evaluate(let round, let clients):
      if round != last { fail("round \(round) is evaluated after round \(last)") }
      if coordinator.evaluated.contains(round) { fail("round \(round) is evaluated twice") }
      coordinator.evaluationDeadline = round
      for client in clients { stream(of: client)?.say(.evaluate(round)) }
    case .evaluated(let round):
      statistics.evaluations += 1
      coordinator.evaluationDeadline = nil
      coordinator.evaluated.insert(round)
    case .replan(let decision):
      if decision.firstRound != last + 1 { fail("a plan for \(decision.firstRound) after \(last)") }
      coordinator.planning = (decision, false)
    case .paused(let reason):
      statistics.pauses += 1
      coordinator.isPaused = true
      if setting.faults.isSubset(of: Fault.ofTheNetwork) {
        fail("the network alone paused the run: \(reason)")
      }
    case .resumed: coordinator.isPaused = false
    case .scheduleRetry:
      statistics.retries += 1
      coordinator.hasRetry = true
    case .quarantine(let client, _):
      statistics.quarantines += 1
      coordinator.quarantined.insert(client)
      if !sentWrong.contains(client) { fail("client \(client) is quarantined and was right") }
      dismiss(stream(of: client), .diverged)
    case .requestDigests(let round, let clients):
      if round != last { fail("digests of round \(round) after round \(last)") }
      coordinator.digestDeadline = true
      for client in clients { stream(of: client)?.say(.digest(round)) }
    case .end(let round, let digest, _):
      coordinator.digestDeadline = false
      if round != last { fail("the end is after round \(round), not \(last)") }
      if round < setting.rounds, coordinator.stopReason == nil { fail("ends at \(round)") }
      if let digest, digest != bytes(coordinator.journal.tail.weights) {
        statistics.undetected += 1
        if sentWrong.isEmpty { fail("the digest of the end is wrong") }
      }
      coordinator.ending = (digest, 0)
    case .finished:
      for client in coordinator.machine?.current ?? [] { dismiss(stream(of: client), .finished) }
    case .superseded(let client, let session):
      statistics.superseded += 1
      dismiss(
        streams.first { $0.site == client && $0.session == session && !$0.serverEnded },
        .superseded)
    case .again(let client, let session):
      dismiss(
        streams.first { $0.site == client && $0.session == session && !$0.serverEnded }, .again)
    }
  }

  private func catchUp(_ client: Int, after round: Int) {
    statistics.catchUps += 1
    guard let stream = stream(of: client) else { return fail("nobody to catch up") }
    let journal = coordinator.journal
    if stream.count > journal.count {
      return fail("client \(client) is caught up beyond the journal")
    }
    for entry in journal.dropFirst(stream.count) { stream.say(.entry(entry)) }
    if journal.prefix(stream.count).last?.round ?? 0 != round {
      fail("client \(client) is caught up from another round")
    }
    if coordinator.machine?.phase == .finished { dismiss(stream, .finished) }
  }

  /// What may count, and what may not.
  private func close(_ ticket: RunMachine.Ticket, _ reports: [RunMachine.Report]) {
    let tail = coordinator.journal.tail
    if coordinator.closing != nil { fail("\(ticket) is closed while another is") }
    if ticket.round != tail.round + 1 { fail("\(ticket) is closed after round \(tail.round)") }
    if !coordinator.closed.insert(ticket).inserted { fail("\(ticket) is closed twice") }
    let asked = coordinator.asked[ticket] ?? []
    let clients = reports.map(\.client)
    if clients.isEmpty || clients != Set(clients).sorted() { fail("\(clients) are counted") }
    if !Set(clients).isSubset(of: asked) { fail("\(clients) of \(asked) are counted") }
    let needed = max(1, Int((setting.quorum * Double(asked.count) - 1e-9).rounded(.up)))
    if clients.count < needed { fail("\(clients.count) of \(needed) answers are enough") }
    for report in reports {
      if setting.isDense, coordinator.uploads[report.client] != report {
        fail("client \(report.client) counts without its update")
      }
      if coordinator.quarantined.contains(report.client) {
        fail("client \(report.client) is quarantined and counted")
      }
      if report.scalars != [[Float(ticket.round), Float(ticket.attempt), Float(tail.plan)]] {
        fail("client \(report.client) counts for \(ticket) with \(report.scalars), \(tail.plan)")
      }
      if Set(reports.map(\.examples)).count > 1 { fail("answers of different weights count") }
      if report.examples != Int(tail.weights >> 1) {
        if setting.hasReference || !sentWrong.contains(report.client) {
          fail("client \(report.client) counts with the weights of another round")
        }
        statistics.undetected += 1
      }
    }
    coordinator.closing = (ticket, reports, false)
  }

  /// A step of making a round durable.
  func closeNext() {
    guard let (ticket, reports, isDurable) = coordinator.closing else { return }
    if isDurable {
      coordinator.closing = nil
      giveReference()
      return feed(.committed(ticket))
    }
    if coordinator.isDiskFull {
      coordinator.closing = nil
      return feed(.failed(ticket, reason: "no space left"))
    }
    if strikes(.rejection, 12) {
      coordinator.closing = nil
      let left = Set(reports.prefix(1).map(\.client))
      return feed(.rejected(ticket, clients: left))
    }
    append(.round(ticket.round, counted: reports.map(\.client)))
    coordinator.uploads = [:]
    statistics.rounds += 1
    coordinator.closing = (ticket, reports, true)
  }

  func append(_ kind: Entry.Kind) {
    let tail = coordinator.journal.tail
    if case .round(let round, _) = kind, round != tail.round + 1 {
      fail("round \(round) is journaled after \(tail.round)")
    }
    if coordinator.hasEnded { fail("the journal goes on after its end") }
    let entry = tail.next(kind)
    coordinator.journal.append(entry)
    everDurable.insert(entry.chain)
    note("  durable \(kind)")
  }

  func planNext() {
    guard let (decision, isDurable) = coordinator.planning else { return }
    if isDurable {
      coordinator.planning = nil
      return feed(.planned(firstRound: decision.firstRound))
    }
    if coordinator.isDiskFull {
      coordinator.planning = nil
      return feed(.unable(reason: "no space left"))
    }
    if strikes(.planRefused, 4) {
      coordinator.planning = nil
      return feed(.planRefused)
    }
    append(.plan(firstRound: decision.firstRound, members: decision.members))
    statistics.plans += 1
    coordinator.planning = (decision, true)
    for client in coordinator.machine?.current ?? [] {
      stream(of: client)?.say(.entry(coordinator.journal.tail))
    }
  }

  func endNext() {
    guard let (digest, stage) = coordinator.ending else { return }
    if stage < 2, coordinator.isDiskFull {
      coordinator.ending = nil
      return feed(.unable(reason: "no space left"))
    }
    coordinator.ending = (digest, stage + 1)
    switch stage {
    case 0:
      if case .digest = coordinator.journal.tail.kind, !coordinator.journal.isEmpty { return }
      append(.digest(coordinator.journal.tail.weights))
      tellTail()
    case 1:
      append(.end)
      tellTail()
    default:
      coordinator.ending = nil
      feed(.ended)
    }
  }

  private func tellTail() {
    for client in coordinator.machine?.current ?? [] {
      stream(of: client)?.say(.entry(coordinator.journal.tail))
    }
  }
}
