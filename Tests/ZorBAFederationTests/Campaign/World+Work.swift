import ZorBAFederation

/// What a simulated site's work comes to.
extension World {
  func finishWork(_ index: Int) {
    guard let job = sites[index].work else { return }
    switch job {
    case .fetch: fetch(index)
    case .rebuild:
      sites[index].work = nil
      statistics.rebuilds += 1
      sites[index].weights = sites[index].journal.tail.weights
      sites[index].isWrong = false
      feed(index, .rebuilt(round: sites[index].journal.tail.round))
    case .replay:
      sites[index].work = nil
      let site = sites[index]
      if !site.isWrong { sites[index].weights = site.journal.tail.weights }
      feed(index, .rebuilt(round: site.journal.tail.round))
    case .apply(let entry, let isDurable): apply(entry, isDurable: isDurable, at: index)
    case .append(let entry): append(entry, at: index)
    case .compute(let ticket, let from, let plan, let isWrong, let isCancelled):
      sites[index].work = nil
      if sites[index].weights != from, !sites[index].isWrong {
        fail("site \(index) computed \(ticket) while its weights moved")
      }
      if isCancelled, chance(2) { return feed(index, .computeStopped(ticket)) }
      if strikes(.refusal, 12) { return feed(index, .computeFailed(ticket, .hours)) }
      let report = RunMachine.Report(
        client: index, scalars: [[Float(ticket.round), Float(ticket.attempt), Float(plan)]],
        examples: Int(from >> 1), loss: 0)
      if !isCancelled { sites[index].answer = (ticket, report, from, isWrong) }
      feed(index, .computed(ticket))
    case .evaluate(let round):
      sites[index].work = nil
      feed(index, .evaluated(round: round))
    case .digest(let round):
      sites[index].work = nil
      feed(index, .digested(round: round))
    }
  }

  /// Appends what the coordinator has and the copy lacks, if the copy is a prefix of it.
  private func fetch(_ index: Int) {
    sites[index].work = nil
    let (copy, journal) = (sites[index].journal, coordinator.journal)
    guard coordinator.machine != nil, !sites[index].isDiskFull,
      copy.isEmpty || journal.dropFirst(copy.count - 1).first == copy.last
    else { return feed(index, .fetchFailed) }
    let missing = journal.dropFirst(copy.count)
    if !isCalm, chance(6) {
      sites[index].journal += missing.prefix(Int.random(in: 0...missing.count, using: &random))
      return feed(index, .fetchFailed)
    }
    sites[index].journal += missing
    feed(index, .fetched(round: sites[index].journal.tail.round))
  }

  private func apply(_ entry: Entry, isDurable: Bool, at index: Int) {
    let round = entry.round
    if isDurable {
      sites[index].work = nil
      if case .round(_, let counted) = entry.kind, let weights = sites[index].weights {
        sites[index].weights = Entry.moved(weights, round: round, counted: counted)
      }
      checkWeights(index)
      return feed(index, .applied(round: round))
    }
    if sites[index].isDiskFull {
      sites[index].work = nil
      return feed(index, .applyFailed(round: round))
    }
    if setting.isDense {
      guard fetchRound(of: entry, at: index) else { return }
    } else {
      guard take(entry, at: index) else {
        sites[index].work = nil
        return feed(index, .commitRefused(round: round))
      }
    }
    sites[index].work = .apply(entry, isDurable: true)
  }

  /// Brings a dense round from the coordinator's journal as it is now; the commit tells only where it
  /// ends and in which chain value. Says what came of it unless the round is durable.
  private func fetchRound(of entry: Entry, at index: Int) -> Bool {
    let site = sites[index]
    func fail(_ event: SiteMachine.Event) -> Bool {
      statistics.brokenFetches += 1
      sites[index].work = nil
      feed(index, event)
      return false
    }
    guard let stream = site.stream, !stream.isCut, !stream.serverEnded,
      coordinator.machine != nil, isCalm || !chance(10),
      let next = coordinator.journal.dropFirst(site.journal.count).first, next.isRound,
      site.journal.tail.next(next.kind) == next
    else { return fail(.applyFailed(round: entry.round)) }
    // It is on the disk before its end shows whether it is what was told.
    sites[index].journal.append(next)
    guard next.chain == entry.chain else { return fail(.commitRefused(round: entry.round)) }
    statistics.denseRounds += 1
    return true
  }

  /// Tells the coordinator of an answer.
  func tell(_ answer: Site.Answer, on stream: Stream?) {
    stream?.say(
      .result(
        answer.ticket, answer.report, digest: bytes(answer.digest), isWrong: answer.isWrong))
  }

  /// An upload comes to its end: whole, refused, or lost with its connection.
  func finishUpload(_ index: Int) {
    guard let (answer, stream) = sites[index].upload else { return }
    sites[index].upload = nil
    let machine = coordinator.machine
    guard sites[index].stream === stream, !stream.isCut, !stream.serverEnded, machine != nil,
      isCalm || !chance(12)
    else {
      statistics.lostUploads += 1
      // An upload that breaks while its stream stands is an answer that will not come.
      if sites[index].stream === stream { stream.say(.declined(answer.ticket)) }
      return
    }
    guard machine?.awaited.contains(index) == true, machine?.ticket == answer.ticket else {
      return stream.say(.declined(answer.ticket))
    }
    statistics.uploads += 1
    coordinator.uploads[index] = answer.report
    tell(answer, on: stream)
  }

  private func append(_ entry: Entry, at index: Int) {
    sites[index].work = nil
    if sites[index].isDiskFull { return feed(index, .appendFailed) }
    feed(index, take(entry, at: index) ? .appended : .recordRefused)
  }

  /// Appends a record whose chain continues the copy.
  private func take(_ entry: Entry, at index: Int) -> Bool {
    let next = sites[index].journal.tail.next(entry.kind)
    guard next.chain == entry.chain else { return false }
    sites[index].journal.append(next)
    if !everDurable.contains(next.chain) {
      fail("site \(index) heard of \(entry.kind), which never was durable")
    }
    return true
  }
}
