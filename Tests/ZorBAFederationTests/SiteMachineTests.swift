import Testing
import ZorBAFederation

/// The rules of a site, one by one; that they hold in every order is the campaign's.
@Suite struct SiteMachineTests {
  typealias Machine = SiteMachine
  typealias Ticket = SiteMachine.Ticket

  /// A site that is ready at a round, its weights made.
  static func ready(at round: Int = 4) -> Machine {
    var machine = Machine()
    let events: [Machine.Event] = [
      .started(journalRound: round), .connected, .welcome(lastRound: round, restarts: false),
      .rebuilt(round: round),
    ]
    for event in events { _ = machine.handle(event) }
    return machine
  }

  @Test func aNewSiteFetchesRebuildsAndIsReady() {
    var machine = Machine()
    #expect(machine.handle(.started(journalRound: nil)) == [.connect])
    #expect(machine.handle(.connected) == [.sendHello])
    #expect(
      machine.handle(.welcome(lastRound: 3, restarts: false)) == [.fetch(fromRound: 1)])
    #expect(machine.handle(.fetched(round: 3)) == [.rebuild])
    #expect(machine.handle(.rebuilt(round: 3)) == [.sendReady(round: 3)])
    #expect(machine.weightsRound == 3 && machine.link == .ready)
  }

  @Test func aRoundIsComputedSentAndApplied() {
    var machine = Self.ready()
    let ticket = Ticket(round: 5, attempt: 1)
    #expect(machine.handle(.assignment(ticket)) == [.compute(ticket)])
    #expect(machine.handle(.assignment(ticket)).isEmpty)
    #expect(machine.handle(.computed(ticket)) == [.sendResult(ticket)])
    #expect(machine.handle(.commit(round: 5)) == [.apply(round: 5)])
    #expect(machine.handle(.commit(round: 5)).isEmpty)
    let next = Ticket(round: 6, attempt: 1)
    #expect(machine.handle(.assignment(next)).isEmpty)
    #expect(machine.handle(.applied(round: 5)) == [.compute(next)])
  }

  @Test func aCommitStopsAComputationThatIsLate() {
    var machine = Self.ready()
    let ticket = Ticket(round: 5, attempt: 2)
    _ = machine.handle(.assignment(ticket))
    #expect(machine.handle(.commit(round: 4)).isEmpty)
    #expect(machine.handle(.commit(round: 5)) == [.cancelCompute(ticket)])
    #expect(machine.handle(.computeStopped(ticket)) == [.apply(round: 5)])
    #expect(machine.handle(.applied(round: 5)).isEmpty)
  }

  @Test func anAnswerThatCouldNotBeWrittenDownIsSentOnTheNextConnection() {
    var machine = Self.ready()
    let ticket = Ticket(round: 5, attempt: 1)
    _ = machine.handle(.assignment(ticket))
    #expect(machine.handle(.computed(ticket)) == [.sendResult(ticket)])
    #expect(machine.handle(.unsent) == [.discardKept, .disconnect])
    #expect(machine.handle(.unsent) == [.discardKept])
    #expect(machine.handle(.disconnected) == [.discardKept, .scheduleReconnect(attempt: 1)])
    #expect(machine.handle(.retryTimer) == [.connect])
    #expect(machine.handle(.connected) == [.sendHello])
    #expect(machine.handle(.welcome(lastRound: 4, restarts: false)) == [.sendReady(round: 4)])
    #expect(machine.handle(.assignment(ticket)) == [.sendResult(ticket)])
  }

  @Test func aPlanStopsAComputationThatIsThenMadeAnew() {
    var machine = Self.ready()
    let ticket = Ticket(round: 5, attempt: 1)
    _ = machine.handle(.assignment(ticket))
    #expect(machine.handle(.record) == [.cancelCompute(ticket)])
    #expect(machine.handle(.computed(ticket)) == [.append])
    #expect(machine.handle(.appended) == [.compute(ticket)])
  }

  @Test func anAnswerOutlivesAConnectionButNotAChange() {
    var machine = Self.ready()
    let ticket = Ticket(round: 5, attempt: 1)
    _ = machine.handle(.assignment(ticket))
    #expect(
      machine.handle(.disconnected) == [.discardKept, .scheduleReconnect(attempt: 1)])
    #expect(machine.handle(.computed(ticket)).isEmpty)
    #expect(machine.handle(.retryTimer) == [.connect])
    #expect(machine.handle(.connected) == [.sendHello])
    #expect(
      machine.handle(.welcome(lastRound: 4, restarts: false)) == [.sendReady(round: 4)])
    #expect(machine.handle(.assignment(ticket)) == [.sendResult(ticket)])
    #expect(machine.handle(.record) == [.append])
    #expect(machine.handle(.appended).isEmpty)
    #expect(machine.handle(.assignment(ticket)) == [.compute(ticket)])
  }

  @Test func aGapIsFetched() {
    var machine = Self.ready()
    #expect(machine.handle(.commit(round: 7)) == [.discardKept, .disconnect])
    #expect(machine.handle(.commit(round: 5)).isEmpty)
    _ = machine.handle(.disconnected)
    _ = machine.handle(.retryTimer)
    _ = machine.handle(.connected)
    #expect(
      machine.handle(.welcome(lastRound: 7, restarts: false)) == [.fetch(fromRound: 5)])
    #expect(machine.handle(.fetched(round: 7)) == [.replay(fromRound: 5)])
    #expect(machine.handle(.rebuilt(round: 7)) == [.sendReady(round: 7)])
  }

  @Test func helloWaitsForTheCopyToBeStill() {
    var machine = Self.ready()
    _ = machine.handle(.commit(round: 5))
    _ = machine.handle(.disconnected)
    _ = machine.handle(.retryTimer)
    #expect(machine.handle(.connected).isEmpty)
    #expect(machine.handle(.applied(round: 5)) == [.sendHello])
    #expect(
      machine.handle(.welcome(lastRound: 5, restarts: false)) == [.sendReady(round: 5)])
  }

  @Test func aCopyThatDoesNotFitIsMadeAnewOnce() {
    var machine = Self.ready()
    _ = machine.handle(.commit(round: 5))
    #expect(machine.handle(.commitRefused(round: 5)) == [.discardKept, .disconnect])
    _ = machine.handle(.disconnected)
    _ = machine.handle(.retryTimer)
    _ = machine.handle(.connected)
    #expect(
      machine.handle(.welcome(lastRound: 5, restarts: false))
        == [.putJournalAside, .fetch(fromRound: 1)])
    _ = machine.handle(.fetched(round: 5))
    #expect(
      machine.handle(.rebuildFailed(reason: "the base model is another one"))
        == [
          .discardKept, .disconnect, .finish(.failed(reason: "the base model is another one")),
        ])
    #expect(machine.handle(.disconnected).isEmpty)
  }

  @Test func divergedWeightsAreRebuiltFromTheBase() {
    var machine = Self.ready()
    let ticket = Ticket(round: 5, attempt: 1)
    _ = machine.handle(.assignment(ticket))
    #expect(
      machine.handle(.goodbye(.diverged)) == [.cancelCompute(ticket), .discardKept, .disconnect])
    // What was computed with them is of no use afterwards.
    #expect(machine.handle(.computed(ticket)).isEmpty)
    _ = machine.handle(.disconnected)
    _ = machine.handle(.retryTimer)
    _ = machine.handle(.connected)
    #expect(machine.handle(.welcome(lastRound: 4, restarts: false)) == [.rebuild])
    #expect(machine.handle(.rebuilt(round: 4)) == [.sendReady(round: 4)])
    #expect(machine.handle(.assignment(ticket)) == [.compute(ticket)])
  }

  @Test func aFarewellIsFollowedOnceWhatArrivedIsApplied() {
    var machine = Self.ready()
    _ = machine.handle(.commit(round: 5))
    _ = machine.handle(.record)
    #expect(machine.handle(.goodbye(.finished)).isEmpty)
    #expect(machine.handle(.disconnected).isEmpty)
    #expect(machine.handle(.applied(round: 5)) == [.append])
    #expect(machine.handle(.appended) == [.finish(.finished)])
    #expect(machine.handle(.retryTimer).isEmpty)

    var refused = Self.ready()
    #expect(refused.handle(.goodbye(.refused)) == [.finish(.refused)])
  }

  @Test func evaluationsAndDigestsAreOfTheirRound() {
    var machine = Self.ready()
    _ = machine.handle(.commit(round: 5))
    _ = machine.handle(.evaluate(round: 5))
    _ = machine.handle(.digestRequest(round: 5))
    #expect(machine.handle(.applied(round: 5)) == [.evaluate(round: 5)])
    #expect(
      machine.handle(.evaluated(round: 5)) == [.sendEvaluation(round: 5), .digest(round: 5)])
    #expect(machine.handle(.digested(round: 5)) == [.sendDigest(round: 5)])
    #expect(machine.handle(.evaluate(round: 4)).isEmpty)
    // Nobody waits for metrics once a round is asked for.
    #expect(machine.handle(.evaluate(round: 5)) == [.evaluate(round: 5)])
    let ticket = Ticket(round: 6, attempt: 1)
    #expect(machine.handle(.assignment(ticket)) == [.cancelEvaluation(round: 5)])
    #expect(machine.handle(.evaluated(round: 5)) == [.compute(ticket)])
  }

  @Test func itsOwnSideStopsItOnceNothingIsUnderWay() {
    var machine = Self.ready()
    let ticket = Ticket(round: 5, attempt: 1)
    _ = machine.handle(.assignment(ticket))
    #expect(machine.handle(.stop(reason: "signal")) == [.cancelCompute(ticket), .discardKept])
    #expect(
      machine.handle(.computeStopped(ticket)) == [.finish(.interrupted(reason: "signal"))])
    #expect(machine.handle(.connected).isEmpty)
  }
}
