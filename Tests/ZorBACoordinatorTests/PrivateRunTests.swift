import SwiftProtobuf
import Synchronization
import Testing
import ZorBA
import ZorBADiagnostics
import ZorBAJSON
import ZorBAPrivacy
import ZorBASite
import ZorBAWire

@testable import ZorBACoordinator

/// Runs under differential privacy over TLS: what a simulation commits, at what a simulation spends.
@Suite(.serialized, .timeLimit(.minutes(3))) struct PrivateRunTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var change: @Sendable (inout RunConfiguration) -> Void
  }

  static let cases = [
    Case(testDescription: "records, every site's own noise, in the clear") {
      $0.differentialPrivacy = DifferentialPrivacyConfiguration(epsilon: 6)
      $0.method.directions = 2
    },
    Case(testDescription: "records, every site's own noise, under masks") {
      $0.differentialPrivacy = DifferentialPrivacyConfiguration(epsilon: 6)
      $0.secureAggregation.mode = .on
    },
    Case(testDescription: "whole sites, two local steps, in the clear") {
      $0.differentialPrivacy = DifferentialPrivacyConfiguration(epsilon: 6)
      $0.differentialPrivacy?.level = .site
      $0.method.localSteps = 2
      $0.method.learningRate = 1e-4
    },
    Case(testDescription: "records, noise in shares, under masks") { $0.sharesNoise() },
    Case(testDescription: "whole sites, noise in shares, under masks") {
      $0.sharesNoise()
      $0.differentialPrivacy?.level = .site
      $0.differentialPrivacy?.noiseMultiplier = 8
    },
  ]

  /// With the noise drawn from seeds the network commits what a simulation commits, byte for byte, and
  /// every site's ledger ends where its account of the simulation ends.
  @Test(arguments: cases) func journalsAndLedgersAreTheSame(_ example: Case) async throws {
    let federation = try LoopbackFederation(sites: 6, change: example.change)
    let run = federation.run
    let privacy = try #require(run.differentialPrivacy)
    let simulated = try federation.simulatePrivately()
    let coordinator = try await federation.coordinator()
    let results = Mutex<[Zorba_V1_Result]>([])
    let agents = try await federation.privateAgents { _, options in
      options.relay = { message in
        if case .result(let result) = message.kind { results.withLock { $0.append(result) } }
        return [message]
      }
    }
    try await federation.expectEverybody(agents, endsAs: simulated)
    let accounts = try #require(try PrivacyLedger.read(folder: run.out)).accounts
    for number in 1...6 {
      var entries = try federation.spent(by: number)
      #expect(entries.map(\.run) == ["trial"])
      // A simulation has nobody to tell it that the same run is another one.
      #expect(entries.allSatisfy { $0.specification?.count == 64 })
      for place in entries.indices {
        entries[place].run = "simulation"
        entries[place].specification = nil
      }
      #expect(accounts[number - 1].name == federation.sites[number - 1])
      #expect(entries == accounts[number - 1].entries)
      #expect(entries.first?.count == run.rounds * run.method.localSteps)
      #expect(PrivacySpending(entries, delta: privacy.delta).epsilon() <= privacy.epsilon)
    }
    // Beside scalars and a public number nothing is told.
    for result in results.withLock({ $0 }) {
      #expect(result.loss == 0 && result.seconds == 0 && result.halfScalars.isEmpty)
      #expect(result.masked == run.secureAggregation.isOn)
    }
    let host = try await coordinator.coordinator.run(named: "trial")
    let outcome = await host.result
    #expect(outcome.privacy?.epsilon == privacy.epsilon)
    #expect(outcome.json["privacy"]?["delta"]?.double == privacy.delta)
    #expect(outcome.history.allSatisfy { $0.loss == 0 })
    if privacy.noise == .distributed { try expectSumsOnTheGrid(of: outcome, run: run) }
    try await coordinator.end()
  }

  /// What the coordinator learns of a group is a whole number of steps of the noise's grid, over B.
  private func expectSumsOnTheGrid(of outcome: RunResult, run: RunConfiguration) throws {
    let privacy = try #require(run.differentialPrivacy)
    var table = NoiseTable()
    let mechanism = try ClientMechanism(run, privacy, examples: 100, noise: &table)
    for round in outcome.history {
      #expect(round.groups.map(\.weight) == [6])
      for mean in round.groups.flatMap(\.means) {
        let steps = mean * 6 * mechanism.release.divisor / mechanism.release.grid.value(1)
        #expect(abs(steps - steps.rounded()) < 1e-6 && steps.rounded() != 0)
      }
    }
  }

  /// Seeds are for tests: by default nobody can repeat what a site draws.
  @Test func nobodyRepeatsTheNoise() async throws {
    let federation = try LoopbackFederation(sites: 4) {
      $0.differentialPrivacy = DifferentialPrivacyConfiguration(epsilon: 6)
      $0.rounds = 2
    }
    let simulated = try federation.simulate()
    let coordinator = try await federation.coordinator()
    let digests = Mutex<Set<String>>([])
    for agent in try await federation.agents() {
      if case .finished(_, _, let digest) = try await agent.outcome {
        _ = digests.withLock { $0.insert(digest) }
      }
    }
    #expect(digests.withLock { $0.count } == 1)
    #expect(digests.withLock { $0.first } != simulated.stateDigest)
    try await coordinator.end()
  }

  // MARK: - Who drops out

  /// As long as enough honest shares are left the run goes on at the same epsilon; with fewer nothing is
  /// told, nothing more is spent, and when one comes back the run goes on.
  @Test func dropoutsCostNothingUntilTooFewAreLeft() async throws {
    let federation = try LoopbackFederation(sites: 6) {
      $0.sharesNoise()
      $0.rounds = 14
      $0.federation.absenceSeconds = 0.2
    }
    let privacy = try #require(federation.run.differentialPrivacy)
    let coordinator = try await federation.coordinator()
    let host = try await coordinator.coordinator.run(named: "trial")
    var agents = try await federation.agents()
    for number in [6, 5, 4] {
      try await agents[0].applied(3 * (7 - number))
      // No round begins until it is gone, and whoever is in one leaves it.
      await host.pause(reason: "the test wants it")
      try await agents[number - 1].kill()
      await host.resume()
    }
    // Three are left of the four that every sum needs.
    let standing = try await coordinator.notices.first { notice -> RunState? in
      if case .state(_, let state) = notice, state.kind == .waiting, state.reason.contains("3") {
        state
      } else {
        nil
      }
    }
    #expect(!standing.reason.isEmpty)
    let stood = await host.status.lastRound
    let spent = try (1...3).map { try federation.uses(by: $0) }
    #expect(spent.allSatisfy { $0 <= Int(stood) + 1 }, "\(spent) at \(stood)")
    agents[3] = try await federation.agent(4)
    for place in [0, 1, 2, 3] {
      guard case .finished(_, 14, _) = try await agents[place].outcome else {
        Issue.record("site \(place + 1) did not finish")
        continue
      }
    }
    let counted = try federation.participants()
    #expect(counted.count == 14)
    #expect(counted.values.allSatisfy { $0 >= 4 })
    #expect(counted.values.contains(4))
    for number in 1...6 {
      let entries = try federation.spent(by: number)
      // A round that was tried again is charged once; a site that is away pays nothing.
      #expect(try federation.uses(by: number) <= (number <= 4 ? 14 : stood + 1))
      #expect(PrivacySpending(entries, delta: privacy.delta).epsilon() <= privacy.epsilon)
    }
    for number in 1...3 { #expect(try federation.uses(by: number) == 14) }
    try await coordinator.end()
  }

  /// A run whose sums could hold too few shares is refused where it begins.
  @Test func tooFewSharesAreRefusedAtTheStart() async throws {
    let federation = try LoopbackFederation(sites: 6) {
      $0.sharesNoise()
      $0.secureAggregation.minimumGroup = 3
    }
    let error = await #expect(throws: ZorBAError.self) { try await federation.coordinator() }
    #expect(error?.location.field == "secure_aggregation.minimum_group")
    #expect(error?.code == .invalidConfiguration)
  }

  // MARK: - The ledger

  /// Killed between the charge and the answer, a site says the same when it is asked again, at no further
  /// cost.
  @Test(arguments: [false, true]) func killedBeforeTheAnswer(_ sharesNoise: Bool) async throws {
    let federation = try LoopbackFederation(sites: 6) {
      if sharesNoise {
        $0.sharesNoise()
      } else {
        $0.differentialPrivacy = DifferentialPrivacyConfiguration(epsilon: 6)
      }
      // No spare round: what was charged must not be charged again.
      $0.differentialPrivacy?.spareRounds = 0
      $0.rounds = 4
      $0.federation.quorum = 1
    }
    let coordinator = try await federation.coordinator()
    let host = try await coordinator.coordinator.run(named: "trial")
    var agents: [AgentUnderTest] = []
    for number in 1...5 { agents.append(try await federation.agent(number)) }
    let (stream, dies) = AsyncStream<Void>.makeStream()
    let withheld = Mutex<[Zorba_V1_Result]>([])
    let isGone = Mutex(false)
    let victim = try await federation.agent(6) {
      $0.relay = { message in
        if isGone.withLock({ $0 }) { return [] }
        guard case .result(let result) = message.kind, result.round == 2 else { return [message] }
        withheld.withLock { $0.append(result) }
        isGone.withLock { $0 = true }
        dies.yield()
        return []
      }
    }
    for await _ in stream { break }
    // The round is not tried again without it.
    await host.pause(reason: "the test wants it")
    try await victim.kill()
    #expect(try federation.uses(by: 6) == 2)
    let told = Mutex<[Zorba_V1_Result]>([])
    agents.append(
      try await federation.agent(6) {
        $0.relay = { message in
          if case .result(let result) = message.kind, result.round == 2 {
            told.withLock { $0.append(result) }
          }
          return [message]
        }
      })
    try await until { await host.present.count == 6 }
    await host.resume()
    for agent in agents {
      guard case .finished(_, 4, _) = try await agent.outcome else {
        Issue.record("a site did not finish")
        continue
      }
    }
    for number in 1...6 { #expect(try federation.uses(by: number) == 4) }
    if !sharesNoise {
      let before = withheld.withLock { $0 }
      let after = told.withLock { $0 }
      #expect(before.count == 1 && !after.isEmpty)
      #expect(after.allSatisfy { $0.scalars == before[0].scalars })
    }
    try await coordinator.end()
  }

  /// A site whose ledger has no room for the rest of the run says so and ends; the others go on.
  @Test func aSiteThatHasSpentItsPartEndsAndTheOthersGoOn() async throws {
    let federation = try LoopbackFederation(sites: 4) {
      $0.differentialPrivacy = DifferentialPrivacyConfiguration(epsilon: 4)
      $0.rounds = 6
      $0.federation.quorum = 0.5
      $0.federation.absenceSeconds = 0.2
    }
    let coordinator = try await federation.coordinator()
    let host = try await coordinator.coordinator.run(named: "trial")
    var agents = try await federation.agents()
    try await agents[0].applied(2)
    await host.pause(reason: "the test wants it")
    try await agents[3].kill()
    // As crashes would have charged it.
    let state = federation.folder.path("ward-4/state")
    let spent = try federation.uses(by: 4)
    do {
      let ledger = try PrivacyLedger(folder: state)
      var entry = try #require(ledger.state.entries(of: SitePrivacy.account).first)
      entry.count = 6
      try ledger.charge([(SitePrivacy.account, entry)])
    }
    agents[3] = try await federation.agent(4)
    let failure = try await agents[3].failure
    #expect(failure?.code == .refused)
    #expect(failure?.message.contains("bring the run to epsilon") == true)
    #expect(failure?.location.field == "differential_privacy.epsilon")
    #expect(try federation.uses(by: 4) == spent + 6)
    await host.resume()
    for agent in agents.prefix(3) {
      guard case .finished(_, 6, _) = try await agent.outcome else {
        Issue.record("a site did not finish")
        continue
      }
    }
    #expect(try federation.uses(by: 4) == spent + 6)
    try await coordinator.end()
  }
}
