import Foundation
import SwiftProtobuf
import Synchronization
import Testing
import ZorBA
import ZorBADiagnostics
import ZorBAOptimization
import ZorBASite
import ZorBASitePolicy
import ZorBATestSupport
import ZorBAWire

@testable import ZorBACoordinator

/// Runs of first-order methods over TLS: updates go up, dense rounds come down.
@Suite(.serialized, .timeLimit(.minutes(4))) struct FirstOrderTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var width = 24
    var loss = 0.0
    var hasReplica = false
    var change: @Sendable (inout RunConfiguration) -> Void
  }

  static let cases = [
    Case(testDescription: "FedAvg") { _ in },
    Case(testDescription: "FedAvg of 3.5 MB, a replica", width: 6000, hasReplica: true) {
      $0.rounds = 3
    },
    Case(testDescription: "FedAdam in eight bits, answers lost", loss: 0.3, hasReplica: true) {
      $0.method.name = .fedadam
      $0.method.firstOrder.upload = .int8
      $0.method.firstOrder.serverLearningRate = 0.01
      $0.blocks.outer = true
    },
    Case(testDescription: "FedProx, local steps, other blocks a site", loss: 0.2) {
      $0.method.name = .fedprox
      $0.method.firstOrder.optimizer = .sgd
      $0.method.localSteps = 3
      $0.blocks.plan = .random
      $0.blocks.rotateEvery = 2
      $0.federation.quorum = 0.6
    },
  ]

  @Test(arguments: cases) func journalsAreTheSame(_ example: Case) async throws {
    let federation = try LoopbackFederation.firstOrder(width: example.width) {
      $0.federation.attempts = 50
      $0.federation.digestEvery = 2
      example.change(&$0)
    }
    let isLost: @Sendable (Int, Int, Int) -> Bool = { round, attempt, client in
      var random = SeededGenerator(seed: UInt64(round * 10_000 + attempt * 10 + client))
      return Double.random(in: 0..<1, using: &random) < example.loss
    }
    let simulated = try federation.simulate(drops: isLost)
    let coordinator = try await federation.coordinator {
      if example.hasReplica { $0.runs.replica = ReplicaOptions() }
    }
    let host = try await coordinator.coordinator.run(named: "trial")
    let timekeeper = Task {
      try await until {
        await host.endWait(forLost: isLost)
        return false
      }
    }
    defer { timekeeper.cancel() }
    var agents: [AgentUnderTest] = []
    for number in 1...federation.sites.count {
      agents.append(
        try await federation.agent(number) {
          $0.relay = { message in
            guard case .result(let result) = message.kind else { return [message] }
            let isLost = isLost(Int(result.round), max(1, Int(result.attempt)), number - 1)
            return isLost ? [] : [message]
          }
        })
    }
    try await federation.expectEverybody(agents, endsAs: simulated)
    try await federation.expectReplay(ends: [agents[0].outcome])
    let result = await host.result
    #expect(result.history.map(\.bytesDown) == simulated.history.map(\.bytesDown))
    if example.loss == 0 {
      #expect(result.history.map(\.bytesUp) == simulated.history.map(\.bytesUp))
      let wire = try #require(result.wire)
      #expect(wire.sites.map(\.name) == federation.sites)
      let update = simulated.history[0].bytesUp / federation.sites.count
      for site in wire.sites {
        #expect(site.rounds == federation.run.rounds)
        #expect(site.received > site.rounds * update && site.sent > site.rounds * update)
        #expect(Double(site.received) < 1.01 * Double(site.rounds * update) + 20_000)
        #expect(Double(site.sent) < 1.01 * Double(site.rounds * update) + 20_000)
      }
      #expect(wire.sent == wire.sites.reduce(0) { $0 + $1.sent })
    }
    #expect(!exists(federation.folder.path("trial/updates")))
    try await coordinator.end()
  }

  /// An update whose bytes change, or that is larger than the round's blocks make it, counts for nothing;
  /// its site says so, and is asked again.
  @Test func damagedUpdatesAreRefused() async throws {
    let federation = try LoopbackFederation.firstOrder { $0.rounds = 6 }
    let coordinator = try await federation.coordinator()
    let tries = Mutex(0)
    var agents = [try await federation.agent(1), try await federation.agent(2)]
    agents.append(
      try await federation.agent(3) {
        $0.alter = { update in
          let number = tries.withLock { tries in
            tries += 1
            return tries
          }
          var update = update
          switch number {
          case 1: update[update.count / 2] ^= 1
          case 2: update += [0]
          case 3: update = []
          default: break
          }
          return update
        }
      })
    try await federation.expectAgreement(of: agents)
    let warnings = agents[2].warnings.joined()
    #expect(warnings.contains("hashes to"))
    #expect(warnings.contains("this round's has"))
    #expect(coordinator.warnings().joined().contains("no update that came in whole"))
    let host = try await coordinator.coordinator.run(named: "trial")
    let history = await host.result.history
    #expect(history.map(\.clients.count) == [2, 2, 2, 3, 3, 3])
    try await coordinator.end()
  }

  enum Interruption: CaseIterable {
    case site, connection, coordinator
  }

  /// Whoever goes in the middle of an upload comes again, and nothing is lost or counted twice.
  @Test(arguments: Interruption.allCases)
  func uploadsGoOn(_ interruption: Interruption) async throws {
    // Others would go on without the one that is away.
    let federation = try LoopbackFederation.firstOrder(sites: 1, width: 6000) { $0.rounds = 3 }
    let simulated = try federation.simulate()
    var coordinator: CoordinatorUnderTest? = try await federation.coordinator()
    let gate = Gate()
    let sent = Mutex(0)
    func waiting() async throws -> AgentUnderTest {
      try await federation.agent(1) {
        $0.beforePiece = { offset in
          sent.withLock { $0 += 1 }
          if offset >= 1 << 20 { await gate.pass() }
        }
      }
    }
    var agent = try await waiting()
    let inbox = try #require(try await coordinator?.coordinator.run(named: "trial").inbox)
    try await until { (inbox.heldBytes(of: 0) ?? 0) >= 1 << 20 }
    switch interruption {
    case .site:
      try await agent.kill()
      await gate.open()
      agent = try await waiting()
    case .connection:
      coordinator?.server.disconnect { $0.name == "ward-1" }
      await gate.open()
    case .coordinator:
      try await coordinator?.end(cut: true)
      // It lets go of the journal when the last of it is gone.
      coordinator = nil
      await gate.open()
      coordinator = try await federation.coordinator()
    }
    try await federation.expectEverybody([agent], endsAs: simulated)
    // What the coordinator held was not sent again over the new connection.
    let update = simulated.history[0].bytesUp
    let pieces = (update + (1 << 18) - 1) >> 18
    let count = sent.withLock { $0 }
    switch interruption {
    case .connection:
      let received = coordinator?.server.traffic(of: .site, "ward-1").received ?? .max
      #expect(received < UInt64(3 * update) + 1 << 19)
    case .site, .coordinator: #expect(count >= 3 * pieces + 4)
    }
    try await coordinator?.end()
  }

  /// A site that was away replays dense rounds, from its copy of the journal and from the
  /// coordinator's.
  @Test func sitesComeAgain() async throws {
    let federation = try LoopbackFederation.firstOrder(width: 6000) {
      $0.rounds = 6
      $0.federation.quorum = 0.6
      $0.federation.deadlineSeconds = 2
    }
    let coordinator = try await federation.coordinator()
    var agents = try await federation.agents()
    try await agents[1].applied(2)
    try await agents[1].kill()
    // Its copy ends within a dense round.
    let copy = federation.journal(of: 2)
    var bytes = try contents(of: copy)
    bytes.removeLast(bytes.count / 5)
    try federation.folder.write(bytes, to: "ward-2/state/run.zorba")
    agents[1] = try await federation.agent(2)
    let outcomes = try await [agents[0].outcome, agents[1].outcome, agents[2].outcome]
    #expect(outcomes[1] == outcomes[0])
    try federation.expectJournals(of: [1, 2, 3], equal: federation.journal)
    try federation.expectReplay(ends: outcomes)
    #expect(!exists(copy + ".1"))
    try await coordinator.end()
  }
}

extension FirstOrderTests {
  /// A policy that does not allow updates refuses the run before anything is computed or sent.
  @Test(arguments: [
    ("updates.allowed", "{allowed: false, bytes_per_round: any}"),
    ("updates.bytes_per_round", "{allowed: true, bytes_per_round: 5000}"),
  ])
  func policiesRefuse(_ key: String, _ written: String) async throws {
    let federation = try LoopbackFederation.firstOrder { _ in }
    let coordinator = try await federation.coordinator()
    let agent = try await federation.agent(1, policy: ["updates": written])
    let failure = try #require(try await agent.failure)
    #expect(failure.code == .refused)
    #expect(failure.location.field == key)
    let sent = String(
      decoding: try contents(of: federation.folder.path("ward-1/state/sent.jsonl")), as: UTF8.self)
    #expect(!sent.contains("\"kind\": \"update\"") && !sent.contains("\"kind\": \"result\""))
    try await coordinator.end()
  }

  /// The log has every update, by digest and size, before the result that names it.
  @Test func theLogKnowsEveryUpdate() async throws {
    let federation = try LoopbackFederation.firstOrder { $0.rounds = 2 }
    let coordinator = try await federation.coordinator()
    let agents = try await federation.agents()
    for agent in agents { _ = try await agent.outcome }
    let log = String(
      decoding: try contents(of: federation.folder.path("ward-1/state/sent.jsonl")), as: UTF8.self)
    let lines = log.split(separator: "\n").filter {
      $0.contains("\"update_digest\"")
    }
    #expect(lines.count == 4)
    for pair in stride(from: 0, to: lines.count, by: 2) {
      #expect(lines[pair].contains("\"kind\": \"update\""))
      #expect(lines[pair + 1].contains("\"kind\": \"result\""))
      let digest = lines[pair].split(separator: "\"update_digest\": ")[1].prefix(34)
      #expect(lines[pair + 1].contains(digest))
    }
    try await coordinator.end()
  }

  /// A dry run shows the update that would leave, and what the policy says to it.
  @Test func dryRunsShowUpdates() async throws {
    let federation = try LoopbackFederation.firstOrder { _ in }
    // Only for the address.
    let coordinator = try await federation.coordinator()
    for isAllowed in [true, false] {
      let configuration = try await federation.configuration(
        1, policy: ["updates": "{allowed: \(isAllowed), bytes_per_round: any}"])
      let rehearsal = try Rehearsal(
        configuration, run: federation.coordinated, named: "trial", threads: 1,
        gradients: TestGradients.source)
      let lines = try rehearsal.lines()
      #expect(lines.map(\.kind) == [.hello, .ready, .update, .result])
      #expect(lines[2].updateBytes == 23424)
      #expect(lines[2].text.contains("update_digest"))
      #expect(lines[3].text.contains("update_digest") && !lines[3].text.contains("scalars"))
      #expect(rehearsal.refusals.isEmpty == isAllowed)
      #expect(isAllowed || rehearsal.refusals.allSatisfy { $0.contains("updates.allowed") })
    }
    try await coordinator.end()
  }

  /// A site whose software does not know updates hears so as it joins.
  @Test func oldSitesAreToldToUpgrade() async throws {
    let federation = try LoopbackFederation.firstOrder { _ in }
    let coordinator = try await federation.coordinator()
    let agent = try await federation.agent(1) {
      $0.relay = { message in
        var message = message
        if case .hello = message.kind { message.hello.protocolMaximum = 1 }
        return [message]
      }
    }
    let failure = try #require(try await agent.failure)
    #expect(failure.code == .refused)
    #expect(failure.message.contains("upgrade the software of the site"))
    try await coordinator.end()
  }

  /// Moments are kept of two rounds: so far a run of FedAdam can go back, and no further.
  @Test func momentsGoBackWithTheRun() async throws {
    let federation = try LoopbackFederation.firstOrder {
      $0.method.name = .fedadam
      $0.method.firstOrder.serverLearningRate = 0.01
      $0.rounds = 8
    }
    let coordinator = try await federation.coordinator()
    let agents = try await federation.agents()
    try await coordinator.committed(3)
    let host = try await coordinator.coordinator.run(named: "trial")
    await host.pause(reason: "the test looks")
    try await until { await host.state.kind == .paused }
    let last = await host.result.rounds
    let error = await #expect(throws: ZorBAError.self) { try await host.rollBack(to: last - 2) }
    #expect(error?.message.contains("moments after round \(last - 2)") == true)
    #expect(await host.result.rounds == last)
    try await host.rollBack(to: last - 1)
    #expect(await host.result.rounds == last - 1)
    await host.resume()
    try await federation.expectAgreement(of: agents)
    try await coordinator.end()
  }

  /// What nobody asked for is not taken, whoever asks.
  @Test func uploadsAreAskedFor() async throws {
    let federation = try LoopbackFederation.firstOrder { _ in }
    let coordinator = try await federation.coordinator()
    for run in ["trial", "other"] {
      await #expect(throws: (any Error).self) {
        try await federation.connected(as: "ward-1/identity") { connection in
          try await connection.uploadUpdate(
            .with {
              $0.run = run
              $0.round = 1
              $0.bytes = 100
              $0.digest = .init(count: 16)
            }
          ) { send in try await send(.init(count: 100)) }
        }
      }
    }
    #expect(!exists(federation.folder.path("trial/updates")))
    try await coordinator.end()
  }
}

extension LoopbackFederation {
  /// A federation of FedAvg with gradients that tests know.
  static func firstOrder(
    sites: Int = 3, width: Int = 24, change: (inout RunConfiguration) -> Void
  ) throws -> LoopbackFederation {
    try LoopbackFederation(sites: sites, width: width) {
      $0.method.name = .fedavg
      $0.method.learningRate = 0.05
      $0.rounds = 4
      change(&$0)
    }
  }
}

extension LoopbackFederation {
  /// All end with the coordinator's journal, and with the weights that it gives.
  func expectAgreement(of agents: [AgentUnderTest]) async throws {
    var outcomes: [AgentOutcome] = []
    for agent in agents { outcomes.append(try await agent.outcome) }
    try expectJournals(of: Array(1...agents.count), equal: journal)
    try expectReplay(ends: outcomes)
  }
}

/// Lets nobody pass until it is opened.
actor Gate {
  private var isOpen = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func pass() async {
    if isOpen { return }
    await withCheckedContinuation { waiting.append($0) }
  }

  func open() {
    isOpen = true
    for continuation in waiting { continuation.resume() }
    waiting = []
  }
}
