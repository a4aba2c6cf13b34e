import Testing
import ZorBAFederation

/// The rules of a run, one by one; that they hold in every order is the campaign's.
@Suite struct RunMachineTests {
  typealias Machine = RunMachine
  typealias Ticket = RunMachine.Ticket

  static func machine(
    clients: Int = 3, rounds: Int = 2, quorum: Double = 1, attempts: Int = 2, startWith: Int = 1,
    every: Int = 0, ends: Bool = false, lastCommitted: Int = 0, isPaused: Bool = false,
    quarantined: Set<Int> = [], members: Set<Int>? = nil,
    selection: @escaping Machine.Selection = { _, available in available.sorted() }
  ) -> Machine {
    Machine(
      configuration: .init(
        clients: clients, rounds: rounds, quorum: quorum, attempts: attempts, startWith: startWith,
        evaluateEvery: every, evaluatesEnds: ends),
      lastCommitted: lastCommitted, selection: selection, isPaused: isPaused,
      quarantined: quarantined, members: members ?? Set(0..<clients))
  }

  static func report(_ client: Int) -> Machine.Report {
    Machine.Report(client: client, scalars: [[Float(client)]], examples: 1, loss: 0)
  }

  static func result(
    _ client: Int, _ ticket: Ticket, session: UInt64 = 1, digest: [UInt8]? = nil
  ) -> Machine.Event {
    .result(client: client, session: session, ticket, report(client), digest: digest)
  }

  static func ready(_ client: Int, _ session: UInt64 = 1, at round: Int = 0) -> Machine.Event {
    .ready(client: client, session: session, lastRound: round)
  }

  @Test func aRunFromItsFirstSiteToItsEnd() {
    var machine = Self.machine(clients: 2, rounds: 1, startWith: 2)
    let ticket = Ticket(round: 1, attempt: 1)
    #expect(machine.handle(Self.ready(1)) == [.catchUp(client: 1, after: 0)])
    #expect(machine.phase == .waiting && machine.reason == "waiting for sites: 1 of 2 are ready")
    #expect(
      machine.handle(Self.ready(0)) == [
        .catchUp(client: 0, after: 0), .assign(ticket, clients: [0, 1]), .startDeadline(ticket),
      ])
    #expect(machine.handle(Self.result(1, ticket)).isEmpty)
    #expect(machine.awaited == [0])
    #expect(
      machine.handle(Self.result(0, ticket)) == [
        .cancelDeadline(ticket), .close(ticket, [Self.report(0), Self.report(1)]),
      ])
    #expect(
      machine.handle(.committed(ticket)) == [
        .broadcast(round: 1, clients: [0, 1]), .requestDigests(round: 1, clients: [0, 1]),
      ])
    let digest: [UInt8] = [1, 2]
    #expect(
      machine.handle(.stateDigest(client: 0, session: 1, round: 1, digest: digest)).isEmpty)
    #expect(
      machine.handle(.stateDigest(client: 1, session: 1, round: 1, digest: digest))
        == [.end(round: 1, digest: digest, reason: "all rounds committed")])
    #expect(machine.handle(.ended) == [.finished])
    // Whoever comes late is brought up to the end.
    #expect(
      machine.handle(Self.ready(0, 2, at: 0)).last == .catchUp(client: 0, after: 0))
  }

  @Test func aQuorumClosesAtTheDeadlineAndTooFewTryAgainWithOthers() {
    var machine = Self.machine(quorum: 0.5, attempts: 2)
    for client in 0..<3 { _ = machine.handle(Self.ready(client)) }
    // The first site began alone; the others take part from the next attempt.
    let alone = Ticket(round: 1, attempt: 1)
    #expect(machine.ticket == alone && machine.awaited == [0])
    let second = Ticket(round: 1, attempt: 2)
    #expect(
      machine.handle(.declined(client: 0, session: 1, alone)) == [
        .cancelDeadline(alone), .assign(second, clients: [1, 2]), .startDeadline(second),
      ])
    #expect(machine.handle(Self.result(1, alone)).isEmpty)
    #expect(machine.handle(Self.result(2, second)).isEmpty)
    #expect(machine.handle(.deadline(alone)).isEmpty)
    #expect(machine.handle(.deadline(second)) == [.close(second, [Self.report(2)])])
    // The closing leaves that answer out; after two attempts the run waits by itself.
    #expect(machine.handle(.rejected(second, clients: [2])) == [.scheduleRetry])
    #expect(machine.phase == .waiting)
    let third = Ticket(round: 1, attempt: 3)
    #expect(machine.handle(.retry).first == .assign(third, clients: [0, 1, 2]))
  }

  @Test func whenAllWhoWereAskedAreGoneTheRoundClosesAtOnce() {
    var machine = Self.machine(clients: 2, quorum: 0)
    _ = machine.handle(Self.ready(0))
    let ticket = machine.ticket
    #expect(
      machine.handle(.gone(client: 0, session: 1)) == [.cancelDeadline(ticket)])
    #expect(machine.phase == .waiting)
    // A stream that takes over counts as the end of the one before.
    _ = machine.handle(Self.ready(0, 2))
    let next = machine.ticket
    let actions = machine.handle(Self.ready(0, 3))
    #expect(actions.first == .superseded(client: 0, session: 2))
    #expect(actions.contains(.cancelDeadline(next)))
    #expect(machine.handle(Self.result(0, machine.ticket, session: 2)).isEmpty)
    #expect(machine.handle(Self.ready(0, 2)) == [.superseded(client: 0, session: 2)])
    #expect(machine.handle(Self.result(0, machine.ticket, session: 3)).count == 2)
  }

  @Test func aMinorityIsQuarantinedAndADrawPausesTheRun() {
    var machine = Self.machine(quorum: 0.6, lastCommitted: 1, isPaused: true)
    for client in 0..<3 { _ = machine.handle(Self.ready(client, at: 1)) }
    #expect(machine.handle(.resume).first == .resumed)
    let ticket = machine.ticket
    _ = machine.handle(Self.result(0, ticket, digest: [1]))
    _ = machine.handle(Self.result(1, ticket, digest: [9]))
    let actions = machine.handle(Self.result(2, ticket, digest: [1]))
    #expect(
      actions == [
        .cancelDeadline(ticket),
        .quarantine(client: 1, reason: "its weights differ before round 2"),
        .close(ticket, [Self.report(0), Self.report(2)]),
      ])
    #expect(machine.state(of: 1) == .quarantined)
    // It may come again, and waits until it is readmitted.
    #expect(machine.handle(Self.ready(1, 2, at: 1)).isEmpty)
    #expect(machine.handle(.readmit(client: 1)) == [.catchUp(client: 1, after: 1)])

    var pair = Self.machine(clients: 2, startWith: 2)
    for client in 0..<2 { _ = pair.handle(Self.ready(client)) }
    _ = pair.handle(Self.result(0, pair.ticket, digest: [1]))
    let draw = pair.handle(Self.result(1, pair.ticket, digest: [2]))
    #expect(pair.phase == .paused)
    #expect(draw.count == 2 && pair.reason?.contains("client 1 against client 2") == true)
    // With a reference there is no draw.
    _ = pair.handle(.referenceDigest(round: 1, digest: [2]))
    _ = pair.handle(.resume)
    _ = pair.handle(Self.result(0, pair.ticket, digest: [1]))
    let judged = pair.handle(Self.result(1, pair.ticket, digest: [2]))
    #expect(judged.contains(.quarantine(client: 0, reason: "its weights differ before round 1")))
  }

  @Test func pauseResumeAndStopActAfterTheRoundUnderWay() {
    var machine = Self.machine(clients: 1, rounds: 9)
    _ = machine.handle(Self.ready(0))
    #expect(machine.handle(.pause(reason: "lunch")).isEmpty)
    _ = machine.handle(Self.result(0, machine.ticket))
    #expect(
      machine.handle(.committed(machine.ticket))
        == [.broadcast(round: 1, clients: [0]), .paused(reason: "lunch")])
    #expect(machine.handle(.pause(reason: "again")).isEmpty)
    #expect(machine.handle(.resume).first == .resumed)
    #expect(machine.handle(.stop(reason: "enough")).isEmpty)
    _ = machine.handle(Self.result(0, machine.ticket))
    #expect(
      machine.handle(.committed(machine.ticket)).last == .requestDigests(round: 2, clients: [0]))
    #expect(
      machine.handle(.stateDigest(client: 0, session: 1, round: 2, digest: [5]))
        == [.end(round: 2, digest: [5], reason: "enough")])
    #expect(machine.handle(.unable(reason: "disk full")) == [.paused(reason: "disk full")])
    #expect(machine.handle(.resume) == [.resumed, .requestDigests(round: 2, clients: [0])])
  }

  @Test func aFailedCommitPausesAndIsTriedAgain() {
    var machine = Self.machine(clients: 1)
    _ = machine.handle(Self.ready(0))
    let ticket = machine.ticket
    _ = machine.handle(Self.result(0, ticket))
    #expect(machine.handle(.failed(ticket, reason: "no space")) == [.paused(reason: "no space")])
    #expect(machine.handle(.committed(ticket)).isEmpty)
    let again = Ticket(round: 1, attempt: 2)
    #expect(
      machine.handle(.resume) == [.resumed, .assign(again, clients: [0]), .startDeadline(again)])
  }

  @Test func evaluationsComeBetweenRoundsAndOnce() {
    var machine = Self.machine(clients: 2, rounds: 2, startWith: 2, every: 1, ends: true)
    _ = machine.handle(Self.ready(0))
    #expect(machine.handle(Self.ready(1)).last == .evaluate(round: 0, clients: [0, 1]))
    #expect(machine.handle(.evaluation(client: 0, session: 1, round: 0)).isEmpty)
    // A site that comes again meanwhile is asked, unless its metrics are known.
    #expect(machine.handle(Self.ready(0, 2)).last == .catchUp(client: 0, after: 0))
    #expect(machine.phase == .evaluating)
    #expect(machine.handle(Self.ready(1, 2)).contains(.evaluated(round: 0)))
    #expect(machine.phase == .collecting)
    for client in 0..<2 { _ = machine.handle(Self.result(client, machine.ticket, session: 2)) }
    #expect(
      machine.handle(.committed(machine.ticket)).last == .evaluate(round: 1, clients: [0, 1]))
    #expect(machine.handle(.evaluationDeadline(round: 0)).isEmpty)
    #expect(machine.handle(.evaluationDeadline(round: 1)).first == .evaluated(round: 1))
    for client in 0..<2 { _ = machine.handle(Self.result(client, machine.ticket, session: 2)) }
    #expect(
      machine.handle(.committed(machine.ticket)).last == .evaluate(round: 2, clients: [0, 1]))
    #expect(
      machine.handle(.evaluationDeadline(round: 2)).last
        == .requestDigests(round: 2, clients: [0, 1]))
  }

  @Test func joinsLeavesAndEstimatesArePlannedForBetweenRounds() {
    var machine = Self.machine(rounds: 5, members: [0, 1])
    _ = machine.handle(Self.ready(0))
    #expect(machine.handle(Self.ready(2)) == [.catchUp(client: 2, after: 0)])
    #expect(machine.handle(.estimates).isEmpty && machine.handle(.left(client: 1)).isEmpty)
    _ = machine.handle(Self.result(0, machine.ticket))
    let decided = machine.handle(.committed(machine.ticket)).last
    guard case .replan(let decision) = decided else {
      Issue.record("\(String(describing: decided))")
      return
    }
    #expect(decision.firstRound == 2 && decision.members == [0, 2])
    #expect(decision.reasons == [.joined, .left, .estimates])
    #expect(machine.handle(.planned(firstRound: 1)).isEmpty)
    #expect(machine.handle(.unable(reason: "disk")) == [.paused(reason: "disk")])
    #expect(machine.handle(.resume).last == .replan(decision))
    #expect(
      machine.handle(.planned(firstRound: 2)).first
        == .assign(Ticket(round: 2, attempt: 1), clients: [0, 2]))
  }

  @Test func afterARollBackEverybodyComesAgainUnderTicketsOfItsOwn() {
    var machine = Self.machine(clients: 1, rounds: 5, lastCommitted: 3)
    _ = machine.handle(Self.ready(0, at: 3))
    let old = machine.ticket
    #expect(machine.handle(.rolledBack(to: 1)) == [.cancelDeadline(old)])
    #expect(machine.lastCommitted == 1 && machine.current.isEmpty)
    #expect(machine.handle(Self.ready(0, 2, at: 3)) == [.again(client: 0, session: 2)])
    _ = machine.handle(Self.ready(0, 3, at: 1))
    #expect(machine.ticket == Ticket(round: 2, attempt: 2))
    #expect(machine.handle(.rolledBack(to: 4)).isEmpty)
  }

  @Test func aSelectionThatTakesNobodyWaitsAndDrawsAnew() {
    var machine = Self.machine { ticket, _ in ticket.attempt < 3 ? [2] : [0] }
    #expect(machine.handle(Self.ready(0)).last == .scheduleRetry)
    #expect(machine.handle(.retry) == [.scheduleRetry])
    #expect(machine.handle(.retry).first == .assign(Ticket(round: 1, attempt: 3), clients: [0]))
  }

  @Test(arguments: [(0.1, 30, 3), (0.5, 3, 2), (1, 7, 7), (0, 4, 1), (.nan, 2, 2), (7, 3, 3)])
  func theQuorumIsTheShareRoundedUp(share: Double, asked: Int, needed: Int) {
    var rounds = RoundCoordinator(lastCommitted: 0, quorumShare: share)
    _ = rounds.handle(.begin(participants: Array(0..<asked), attempt: 4))
    #expect(rounds.ticket == Ticket(round: 1, attempt: 4) && rounds.needed == needed)
  }
}
