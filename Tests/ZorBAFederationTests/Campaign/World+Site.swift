import ZorBAFederation

/// A simulated site: what is durable, and what a crash takes.
struct Site {
  let index: Int
  // Durable.
  var journal: [Entry] = []
  var isDiskFull = false

  // Volatile.
  var machine: SiteMachine?
  var weights: UInt64?
  /// Whether a bit of the weights flipped.
  var isWrong = false
  var work: Job?
  var commits: [Int: Entry] = [:]
  var records: [Entry] = []
  /// The last answer, with what it was computed from.
  var answer: Answer?
  /// What is being uploaded, over which stream's connection.
  var upload: (answer: Answer, stream: Stream)?
  var stream: Stream?
  var isConnecting = false
  /// The end of a connection that the site gave up is still to be told.
  var owesEnd = false
  var hasTimer = false

  var isHung = false
  /// How it ended, if it did.
  var outcome: SiteMachine.Outcome?
  var isDone = false

  typealias Answer = (
    ticket: RunMachine.Ticket, report: RunMachine.Report, digest: UInt64, isWrong: Bool
  )

  enum Job: Equatable {
    case fetch, rebuild, replay
    case apply(Entry, isDurable: Bool)
    case append(Entry)
    case compute(RunMachine.Ticket, from: UInt64, plan: Int, isWrong: Bool, isCancelled: Bool)
    case evaluate(Int), digest(Int)
  }

  init(index: Int) { self.index = index }

  var isAwake: Bool { machine != nil && !isHung }

  mutating func forget() {
    (machine, weights, isWrong, work, answer, stream) = (nil, nil, false, nil, nil, nil)
    (commits, records, upload) = ([:], [], nil)
    (isConnecting, owesEnd, hasTimer, isHung) = (false, false, false, false)
  }
}

extension World {
  func startSite(_ index: Int) {
    note("site \(index) starts with \(sites[index].journal.tail.round)")
    sites[index].machine = SiteMachine()
    sites[index].outcome = nil
    let journal = sites[index].journal
    feed(index, .started(journalRound: journal.isEmpty ? nil : journal.tail.round))
  }

  func crashSite(_ index: Int) {
    note("site \(index) crashes")
    if let stream = sites[index].stream {
      stream.siteEnded = true
      stream.down = []
      cut(stream)
    }
    sites[index].forget()
  }

  func feed(_ index: Int, _ event: SiteMachine.Event) {
    guard violation == nil, sites[index].machine != nil else { return }
    note("site \(index) → \(event)")
    let actions = sites[index].machine?.handle(event) ?? []
    for action in actions {
      if strikes(.siteCrash, 300) { return crashSite(index) }
      note("  site \(index) \(action)")
      perform(action, at: index)
    }
  }

  /// A message of the coordinator arrives.
  func hear(_ message: Down, on stream: Stream) {
    let index = stream.site
    guard sites[index].stream === stream, sites[index].isAwake else { return }
    switch message {
    case .welcome(let round, let restarts):
      feed(index, .welcome(lastRound: round, restarts: restarts))
    case .entry(var entry):
      if strikes(.commitRot, 40) { entry.chain ^= 1 << 40 }
      if entry.isRound {
        // Content of a round that was heard before is not replaced.
        if sites[index].commits[entry.round] == nil { sites[index].commits[entry.round] = entry }
        feed(index, .commit(round: entry.round))
      } else if !holds(entry, at: index) {
        sites[index].records.append(entry)
        feed(index, .record)
      }
    case .assignment(let ticket): feed(index, .assignment(ticket))
    case .evaluate(let round): feed(index, .evaluate(round: round))
    case .digest(let round): feed(index, .digestRequest(round: round))
    case .goodbye(let kind): feed(index, .goodbye(kind))
    }
  }

  /// Whether a record that is no round was heard before.
  private func holds(_ entry: Entry, at index: Int) -> Bool {
    let site = sites[index]
    if case .append(let held) = site.work, held.index == entry.index { return true }
    return entry.index < site.journal.count || site.records.contains { $0.index == entry.index }
  }

  private func perform(_ action: SiteMachine.Action, at index: Int) {
    let stream = sites[index].stream
    switch action {
    case .connect: sites[index].isConnecting = true
    case .disconnect:
      stream?.siteEnded = true
      sites[index].stream = nil
      sites[index].isConnecting = false
      sites[index].owesEnd = true
    case .scheduleReconnect: sites[index].hasTimer = true
    case .sendHello:
      let journal = sites[index].journal
      stream?.say(.hello(count: journal.count, chain: journal.tail.chain))
    case .putJournalAside:
      begin(nil, at: index)
      sites[index].journal = []
      sites[index].weights = nil
    case .fetch(let round):
      if round < 1 { fail("site \(index) fetches from round \(round)") }
      begin(.fetch, at: index)
    case .rebuild: begin(.rebuild, at: index)
    case .replay(let round):
      statistics.rebuilds += 1
      begin(.replay, at: index)
      let before = sites[index].journal.last { $0.round == round - 1 } ?? .base
      if sites[index].weights != before.weights, !sites[index].isWrong {
        fail("site \(index) replays from round \(round) onto other weights")
      }
    case .sendReady(let round):
      let site = sites[index]
      if site.journal.tail.round != round { fail("site \(index) is ready at a wrong round") }
      checkWeights(index)
      stream?.say(.ready(round: round, count: site.journal.count))
    case .compute(let ticket):
      checkWeights(index)
      let site = sites[index]
      if site.journal.tail.round != ticket.round - 1 {
        fail("site \(index) computes \(ticket) after round \(site.journal.tail.round)")
      }
      begin(
        .compute(
          ticket, from: site.weights ?? 0, plan: site.journal.tail.plan, isWrong: site.isWrong,
          isCancelled: false), at: index)
    case .cancelCompute(let ticket):
      if case .compute(ticket, let from, let plan, let isWrong, _) = sites[index].work {
        sites[index].work = .compute(
          ticket, from: from, plan: plan, isWrong: isWrong, isCancelled: true)
      } else {
        fail("site \(index) stops \(ticket), which it does not compute")
      }
    case .apply(let round):
      guard let entry = sites[index].commits.removeValue(forKey: round) else {
        return fail("site \(index) has no commit of \(round)")
      }
      begin(.apply(entry, isDurable: false), at: index)
    case .append:
      guard !sites[index].records.isEmpty else { return fail("site \(index) has no record") }
      begin(.append(sites[index].records.removeFirst()), at: index)
    case .discardKept:
      (sites[index].commits, sites[index].records) = ([:], [])
    case .sendResult(let ticket):
      guard let answer = sites[index].answer, answer.ticket == ticket else {
        return fail("site \(index) has no answer to \(ticket)")
      }
      guard setting.isDense else { return tell(answer, on: stream) }
      // A later answer takes the place of one that is still going up.
      sites[index].upload = stream.map { (answer, $0) }
    case .sendDeclined(let ticket, _): stream?.say(.declined(ticket))
    case .evaluate(let round): begin(.evaluate(round), at: index)
    case .cancelEvaluation: break
    case .sendEvaluation(let round): stream?.say(.evaluation(round))
    case .digest(let round): begin(.digest(round), at: index)
    case .sendDigest(let round):
      checkWeights(index)
      if sites[index].journal.tail.round != round { fail("site \(index) digests too late") }
      stream?.say(
        .digest(round, bytes(sites[index].weights ?? 0), isWrong: sites[index].isWrong))
    case .finish(let outcome): finish(index, outcome)
    }
  }

  private func finish(_ index: Int, _ outcome: SiteMachine.Outcome) {
    if sites[index].work != nil { fail("site \(index) ends with \(outcome) at work") }
    if case .finished = outcome, sites[index].journal.last?.kind != .end {
      fail("site \(index) finishes with an incomplete journal")
    }
    if let stream = sites[index].stream {
      if case .interrupted = outcome { stream.say(.leaving) }
      stream.siteEnded = true
    }
    sites[index].forget()
    sites[index].outcome = outcome
    switch outcome {
    case .finished: sites[index].isDone = true
    case .interrupted: sites[index].isDone = departed.contains(index)
    case .failed, .refused, .superseded, .stopped: break
    }
  }

  private func begin(_ job: Site.Job?, at index: Int) {
    if let work = sites[index].work {
      fail("site \(index) begins \(String(describing: job)) during \(work)")
    }
    sites[index].work = job
  }

  /// Weights are those of the journal's copy, unless a bit flipped.
  func checkWeights(_ index: Int) {
    let site = sites[index]
    if !site.isWrong, site.weights != site.journal.tail.weights {
      fail("site \(index) has other weights than its journal")
    }
  }

  func finishConnecting(_ index: Int) {
    if sites[index].owesEnd {
      sites[index].owesEnd = false
      return feed(index, .disconnected)
    }
    sites[index].isConnecting = false
    guard coordinator.machine != nil, isCalm || !chance(6) else {
      return feed(index, .disconnected)
    }
    let stream = Stream(site: index)
    streams.append(stream)
    sites[index].stream = stream
    feed(index, .connected)
  }
}
