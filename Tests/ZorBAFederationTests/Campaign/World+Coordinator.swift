import ZorBAFederation

/// The simulated coordinator: what is durable, and what a crash takes.
struct Coordinator {
  // Durable.
  var journal: [Entry] = []
  var quarantined: Set<Int> = []
  var evaluated: Set<Int> = []
  var isPaused = false
  var stopReason: String?
  var isDiskFull = false

  // Volatile.
  var machine: RunMachine?
  var nextSession: UInt64 = 1
  var closing: (ticket: RunMachine.Ticket, reports: [RunMachine.Report], isDurable: Bool)?
  var planning: (decision: Replanning.Decision, isDurable: Bool)?
  var ending: (digest: [UInt8]?, stage: Int)?
  var deadline: RunMachine.Ticket?
  var evaluationDeadline: Int?
  var digestDeadline = false
  var hasRetry = false
  var asked: [RunMachine.Ticket: [Int]] = [:]
  var closed: Set<RunMachine.Ticket> = []
  /// Updates that came in whole, by client.
  var uploads: [Int: RunMachine.Report] = [:]
  var past: [RunMachine.Event] = []

  let firstMembers: [Int]

  init(_ setting: Setting) { firstMembers = Array(0..<setting.planned) }

  /// Who the plan in force was made for.
  var members: Set<Int> {
    for entry in journal.reversed() {
      if case .plan(_, let members) = entry.kind { return Set(members) }
    }
    return Set(firstMembers)
  }

  var hasEnded: Bool { journal.last?.kind == .end }

  /// What a crash leaves.
  mutating func forget() {
    machine = nil
    nextSession = 1
    (closing, planning, ending) = (nil, nil, nil)
    (deadline, evaluationDeadline, digestDeadline, hasRetry) = (nil, nil, false, false)
    (asked, closed, past, uploads) = ([:], [], [], [:])
  }
}

extension World {
  func startCoordinator() {
    note("coordinator starts at round \(coordinator.journal.tail.round)")
    coordinator.machine = RunMachine(
      configuration: setting.configuration, lastCommitted: coordinator.journal.tail.round,
      selection: setting.choose, isPaused: coordinator.isPaused,
      quarantined: coordinator.quarantined, evaluated: coordinator.evaluated,
      members: coordinator.members, isFinished: coordinator.hasEnded)
    giveReference()
    if let reason = coordinator.stopReason { feed(.stop(reason: reason)) }
  }

  func crashCoordinator() {
    note("coordinator crashes")
    coordinator.forget()
    for stream in streams where !stream.serverEnded {
      stream.serverEnded = true
      cut(stream)
    }
  }

  /// Loses what is under way on a stream from some point on, in both directions.
  func cut(_ stream: Stream) {
    stream.isCut = true
    stream.up.removeLast(Int.random(in: 0...stream.up.count, using: &random))
    stream.down.removeLast(Int.random(in: 0...stream.down.count, using: &random))
  }

  func giveReference() {
    guard setting.hasReference else { return }
    let tail = coordinator.journal.tail
    feed(.referenceDigest(round: tail.round + 1, digest: bytes(tail.weights)))
  }

  func bytes(_ word: UInt64) -> [UInt8] { withUnsafeBytes(of: word.littleEndian) { Array($0) } }

  /// Gives the machine an event and carries its actions out; the process may die between any two.
  func feed(_ event: RunMachine.Event) {
    guard violation == nil, coordinator.machine != nil else { return }
    note("→ \(event)")
    if isRepeatable(event), setting.faults.contains(.repeatedEvent) {
      coordinator.past.append(event)
    }
    let before = coordinator.machine?.lastCommitted
    let actions = coordinator.machine?.handle(event) ?? []
    if let machine = coordinator.machine { check(machine, before: before ?? 0, after: event) }
    for action in actions {
      if strikes(.coordinatorCrash, 200) { return crashCoordinator() }
      note("  \(action)")
      perform(action)
    }
  }

  /// Whether a network, a timer or a hasty caller may say it twice.
  private func isRepeatable(_ event: RunMachine.Event) -> Bool {
    switch event {
    case .ready, .gone, .result, .declined, .deadline, .committed, .rejected, .failed,
      .evaluation, .evaluationDeadline, .retry, .stateDigest, .digestDeadline, .referenceDigest:
      true
    default: false
    }
  }

  private func check(_ machine: RunMachine, before: Int, after event: RunMachine.Event) {
    if machine.lastCommitted != before {
      switch event {
      case .committed, .rolledBack: break
      default: fail("\(event) moved the last committed round")
      }
    }
    if machine.lastCommitted > coordinator.journal.tail.round {
      fail("round \(machine.lastCommitted) counts as committed and is not durable")
    }
    for client in coordinator.quarantined where machine.current.contains(client) {
      fail("client \(client) is quarantined and current")
    }
  }

  /// A message of a site arrives.
  func receive(_ message: Up, on stream: Stream) {
    guard coordinator.machine != nil else { return }
    let (client, session) = (stream.site, stream.session)
    switch message {
    case .hello(let count, let chain):
      stream.session = coordinator.nextSession
      coordinator.nextSession += 1
      let tail =
        count == 0 ? Entry.base.chain : coordinator.journal.dropFirst(count - 1).first?.chain
      stream.say(
        .welcome(lastRound: coordinator.journal.tail.round, restarts: tail != chain))
    case .ready(let round, let count):
      stream.isReady = true
      stream.count = count
      feed(.ready(client: client, session: session, lastRound: round))
    case .result(let ticket, let report, let digest, let isWrong):
      if isWrong { sentWrong.insert(client) }
      // A result counts only beside its update.
      if setting.isDense, coordinator.uploads[client] != report {
        return feed(.declined(client: client, session: session, ticket))
      }
      feed(.result(client: client, session: session, ticket, report, digest: digest))
    case .declined(let ticket): feed(.declined(client: client, session: session, ticket))
    case .evaluation(let round):
      feed(.evaluation(client: client, session: session, round: round))
    case .digest(let round, let digest, let isWrong):
      if isWrong { sentWrong.insert(client) }
      feed(.stateDigest(client: client, session: session, round: round, digest: digest))
    case .leaving: feed(.left(client: client, session: session))
    }
  }

  /// The stream on which a client was ready last.
  func stream(of client: Int) -> Stream? {
    streams.filter { $0.site == client && $0.isReady && !$0.serverEnded }
      .max { $0.session < $1.session }
  }

  /// Says goodbye, and hears no more.
  func dismiss(_ stream: Stream?, _ kind: SiteMachine.Goodbye) {
    guard let stream else { return }
    stream.say(.goodbye(kind))
    stream.serverEnded = true
    stream.up = []
  }
}
