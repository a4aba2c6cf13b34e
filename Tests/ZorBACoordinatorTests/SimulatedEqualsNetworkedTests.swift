import SwiftProtobuf
import Synchronization
import Testing
import ZorBA
import ZorBAJournal
import ZorBAOptimization
import ZorBASite
import ZorBATestSupport
import ZorBAWire

@testable import ZorBACoordinator

/// A coordinator and agents over TLS commit what a simulation commits, byte for byte.
@Suite(.serialized, .timeLimit(.minutes(2))) struct SimulatedEqualsNetworkedTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// The share of answers that are lost.
    var loss = 0.0
    var change: @Sendable (inout RunConfiguration) -> Void
  }

  static let cases = [
    Case(testDescription: "shared directions, one step") { _ in },
    Case(testDescription: "local steps, two directions, answers lost", loss: 0.3) {
      $0.method.localSteps = 3
      $0.method.directions = 2
      $0.blocks.plan = .random
      $0.blocks.outer = true
    },
    Case(testDescription: "own directions, answers lost", loss: 0.4) {
      $0.method.seeding = .perClient
      $0.blocks.plan = .random
      $0.blocks.rotateEvery = 2
      $0.federation.quorum = 0.7
    },
    Case(testDescription: "own directions, local steps, some of the sites", loss: 0.3) {
      $0.method.seeding = .perClient
      $0.method.localSteps = 3
      $0.method.directions = 2
      $0.federation.participation = 0.6
      $0.federation.overSelection = 0.4
      $0.blocks.plan = .random
    },
    Case(testDescription: "a plan of the sites' costs, made anew from their answers", loss: 0.2) {
      $0.method.seeding = .perClient
      $0.blocks.plan = .lexicographic
      $0.blocks.active = [0.4, 0.7, 1]
      $0.blocks.replanEvery = 3
    },
  ]

  @Test(arguments: cases) func journalsAreTheSame(_ example: Case) async throws {
    let federation = try LoopbackFederation {
      $0.federation.attempts = 50
      $0.federation.digestEvery = 2
      example.change(&$0)
    }
    let isLost: @Sendable (Int, Int, Int) -> Bool = { round, attempt, client in
      var random = SeededGenerator(seed: UInt64(round * 10_000 + attempt * 10 + client))
      return Double.random(in: 0..<1, using: &random) < example.loss
    }
    let simulated = try federation.simulate(drops: isLost)
    let coordinator = try await federation.coordinator()
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
    try await coordinator.end()
  }

  /// Answers that come twice, altered the second time, late, for an attempt or a round that is not
  /// under way change nothing.
  @Test func answersCountOnce() async throws {
    let federation = try LoopbackFederation {
      $0.method.seeding = .perClient
      $0.method.directions = 2
      $0.blocks.plan = .random
      $0.blocks.replanEvery = 2
    }
    let simulated = try federation.simulate()
    let coordinator = try await federation.coordinator()
    let agents = try await federation.agents {
      let earlier = Mutex<[Zorba_V1_SiteMessage]>([])
      $0.relay = { message in
        guard case .result(let result) = message.kind else { return [message] }
        func altered(_ change: (inout Zorba_V1_Result) -> Void) -> Zorba_V1_SiteMessage {
          var copy = result
          copy.scalars = PackedFloats.pack([9, 9])
          change(&copy)
          return .with { $0.result = copy }
        }
        let late = earlier.withLock { earlier in
          defer { earlier.append(message) }
          return earlier
        }
        return late + [
          altered { $0.attempt = 7 }, altered { $0.round += 1 }, altered { $0.round = 900 },
          message,
          altered { _ in }, message,
        ]
      }
    }
    try await federation.expectEverybody(agents, endsAs: simulated)
    try await coordinator.end()
  }
}

extension LoopbackFederation {
  /// Waits for all agents to finish and compares everything with the simulation.
  func expectEverybody(_ agents: [AgentUnderTest], endsAs simulated: RunResult) async throws {
    for agent in agents {
      #expect(
        try await agent.outcome
          == .finished(run: "trial", round: run.rounds, digest: simulated.stateDigest))
    }
    try expectJournals(of: Array(1...agents.count), equal: simulated.journalPath)
  }

  /// The coordinator's journal and the copies of sites equal another one.
  func expectJournals(of numbers: [Int], equal path: String) throws {
    let expected = try contents(of: path)
    let divergence = try JournalDivergence.first(between: path, and: journal)
    #expect(divergence == nil)
    #expect(try contents(of: journal) == expected)
    for number in numbers { #expect(try contents(of: journal(of: number)) == expected) }
  }
}
