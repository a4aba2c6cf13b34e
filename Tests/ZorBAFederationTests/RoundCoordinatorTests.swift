import Testing
import ZorBAFederation
import ZorBATestSupport

@Suite struct RoundCoordinatorTests {
  typealias Machine = RoundCoordinator

  static func report(_ client: Int, _ ticket: Machine.Ticket) -> Machine.Report {
    Machine.Report(
      client: client, scalars: [[Float(ticket.round * 100 + ticket.attempt * 10 + client)]],
      examples: 1, loss: 0)
  }

  @Test func aPlainRoundCommitsEveryReportInClientOrder() {
    var machine = Machine()
    let ticket = Machine.Ticket(round: 1, attempt: 1)
    #expect(
      machine.handle(.start(participants: [0, 2, 5]))
        == [.assign(ticket, participants: [0, 2, 5])])
    #expect(machine.handle(.result(ticket, Self.report(5, ticket))).isEmpty)
    #expect(machine.handle(.result(ticket, Self.report(0, ticket))).isEmpty)
    let actions = machine.handle(.result(ticket, Self.report(2, ticket)))
    #expect(actions == [.commit(ticket, [0, 2, 5].map { Self.report($0, ticket) })])
    #expect(machine.lastCommitted == 0)
    #expect(machine.handle(.committed(ticket)).isEmpty)
    #expect(machine.lastCommitted == 1)
  }

  @Test func tooFewAnswersTryAgainThenPauseAndCanStartAnew() {
    var machine = Machine(lastCommitted: 4, quorum: 2, maximumAttempts: 2)
    _ = machine.handle(.start(participants: [0, 1, 2]))
    let first = machine.ticket
    #expect(first == Machine.Ticket(round: 5, attempt: 1))
    _ = machine.handle(.result(first, Self.report(0, first)))
    let again = machine.handle(.deadline(first))
    let second = Machine.Ticket(round: 5, attempt: 2)
    #expect(again == [.assign(second, participants: [0, 1, 2])])
    // The answer of the first attempt does not count for the second.
    _ = machine.handle(.result(first, Self.report(1, first)))
    _ = machine.handle(.lost(second, client: 0))
    _ = machine.handle(.lost(second, client: 1))
    let end = machine.handle(.result(second, Self.report(2, second)))
    #expect(end == [.pause(second, answered: 1, needed: 2)])
    #expect(machine.state == .paused)
    #expect(!machine.handle(.start(participants: [0, 1])).isEmpty)
  }

  /// Seeded interleavings of a hostile network: duplicates, losses, late and foreign messages,
  /// deadlines at any time, repeated commits.
  @Test func noInterleavingBreaksARound() {
    var generator = SeededGenerator(seed: 2024)
    var commits = 0
    for _ in 0..<3000 {
      var machine = Machine(quorum: Int.random(in: 1...3, using: &generator), maximumAttempts: 2)
      var committed: [Int] = []
      var queue: [Machine.Event] = [.start(participants: [0, 1, 2, 3])]
      var old: [Machine.Event] = []
      var steps = 0
      while steps < 120, !queue.isEmpty {
        steps += 1
        let event = queue.remove(at: Int.random(in: 0..<queue.count, using: &generator))
        if Int.random(in: 0..<4, using: &generator) == 0 { queue.append(event) }
        old.append(event)
        if Int.random(in: 0..<3, using: &generator) == 0,
          let late = old.randomElement(using: &generator)
        {
          queue.append(late)
        }
        let before = machine
        for action in machine.handle(event) {
          switch action {
          case .assign(let ticket, let participants):
            #expect(ticket.round == machine.lastCommitted + 1)
            for client in participants where Int.random(in: 0..<10, using: &generator) > 0 {
              queue.append(.result(ticket, Self.report(client, ticket)))
            }
            queue.append(.deadline(ticket))
            queue.append(.lost(ticket, client: Int.random(in: 0..<5, using: &generator)))
          case .commit(let ticket, let reports):
            #expect(before.state == .collecting)
            #expect(ticket == before.ticket)
            let clients = reports.map(\.client)
            #expect(clients == Array(Set(clients)).sorted())
            #expect(!clients.isEmpty)
            #expect(reports.allSatisfy { $0 == Self.report($0.client, ticket) })
            committed.append(ticket.round)
            queue.append(.committed(ticket))
          case .pause: queue.append(.start(participants: [1, 3]))
          }
        }
        if machine.state == .idle, machine.lastCommitted < 5 {
          queue.append(.start(participants: [0, 1, 2, 3]))
        }
      }
      #expect(committed == Array(1..<(committed.count + 1)))
      #expect(machine.lastCommitted >= committed.count - 1)
      commits += committed.count
    }
    #expect(commits > 3000)
  }
}
