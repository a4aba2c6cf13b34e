import SwiftProtobuf
import Synchronization
import Testing
import ZorBA
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBASite
import ZorBASitePolicy
import ZorBAWire

@testable import ZorBACoordinator

/// Runs whose answers are added up under masks, over TLS, with real certificates.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SecureRunTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var change: @Sendable (inout RunConfiguration) -> Void
  }

  static let cases = [
    Case(testDescription: "one direction, weights by examples") { _ in },
    Case(testDescription: "local steps, two directions, weights alike") {
      $0.method.localSteps = 2
      $0.method.directions = 2
      $0.federation.weights = .uniform
      $0.blocks.outer = true
      $0.federation.digestEvery = 2
    },
    Case(testDescription: "two groups with blocks of their own that change every round") {
      $0.blocks.plan = .random
      $0.blocks.active = [0.67]
      $0.method.directions = 2
    },
  ]

  /// The network commits what a simulation with the same protocol commits, byte for byte, and the
  /// coordinator learns no scalar of a single site.
  @Test(arguments: cases) func journalsAreTheSame(_ example: Case) async throws {
    let federation = try LoopbackFederation(sites: 6) {
      $0.secureAggregation.mode = .on
      example.change(&$0)
    }
    let simulated = try federation.simulate()
    #expect(simulated.rounds == federation.run.rounds)
    let coordinator = try await federation.coordinator()
    let results = Mutex<[Zorba_V1_Result]>([])
    let agents = try await federation.agents {
      $0.relay = { message in
        if case .result(let result) = message.kind { results.withLock { $0.append(result) } }
        if case .ready(let ready) = message.kind { #expect(ready.examples == 0) }
        return [message]
      }
    }
    try await federation.expectEverybody(agents, endsAs: simulated)
    let sent = results.withLock { $0 }
    #expect(sent.count == 6 * federation.run.rounds)
    for result in sent {
      #expect(result.masked && result.scalars.isEmpty && result.halfScalars.isEmpty)
      #expect(result.examples == 0 && result.loss == 0)
    }
    let host = try await coordinator.coordinator.run(named: "trial")
    for metrics in await host.result.history {
      #expect(metrics.clients.count == 6)
      #expect(metrics.clients.allSatisfy { $0.scalars.isEmpty && $0.examples == 0 })
      #expect(metrics.groups.flatMap(\.clients).sorted() == federation.sites)
      #expect(metrics.groups.allSatisfy { $0.clients.count >= 3 })
      let means = try #require(metrics.groups.first?.means)
      let method = federation.run.method
      #expect(means.count == method.localSteps * method.directions)
      #expect(means.contains { $0 != 0 })
    }
    try await coordinator.end()
  }

  /// The weighted means under masks are those in the clear, up to fixed point and its clip.
  @Test func masksChangeNothingButRounding() throws {
    func coefficients(_ mode: SecureAggregationConfiguration.Mode) throws -> [[Float]] {
      let federation = try LoopbackFederation(sites: 4) {
        $0.rounds = 1
        $0.method.directions = 4
        $0.secureAggregation.mode = mode
      }
      let reader = try JournalReader(path: try federation.simulate().journalPath)
      var found: [[Float]] = []
      while let entry = try reader.next() {
        guard case .round(let round) = entry.record, case .shared(let blocks) = round.coefficients
        else { continue }
        found += blocks.map(\.values)
      }
      return found
    }
    let (masked, clear) = (try coefficients(.on), try coefficients(.off))
    #expect(masked.count == clear.count && !masked.isEmpty)
    for (left, right) in zip(masked.joined(), clear.joined()) {
      // 2^-36 over weights of some 2^-17, times eta / P, and the rounding to binary32.
      #expect(abs(left - right) <= 1e-6 * abs(right) + 1e-7)
    }
  }

  /// A site that is killed before it sends the n-th message of the protocol in round 2 costs nobody the
  /// run: the others' sum is told, or the round is tried again without it.
  @Test(arguments: 1...5) func siteIsKilled(before step: Int) async throws {
    let federation = try LoopbackFederation(sites: 6) {
      $0.rounds = 4
      $0.secureAggregation.mode = .on
      // At its end a run waits for members that are away.
      $0.federation.absenceSeconds = 0.5
    }
    let coordinator = try await federation.coordinator()
    var agents: [AgentUnderTest] = []
    let (stream, dies) = AsyncStream<Void>.makeStream()
    for number in 1...5 { agents.append(try await federation.agent(number)) }
    let steps = Mutex(0)
    let victim = try await federation.agent(6) {
      $0.relay = { message in
        guard steps.withLock({ $0 }) < step else { return [] }
        guard case .secureAggregation(let secure) = message.kind, secure.round == 2 else {
          return [message]
        }
        let isOver = steps.withLock { steps in
          steps += 1
          return steps >= step
        }
        if isOver { dies.yield() }
        return isOver ? [] : [message]
      }
    }
    for await _ in stream { break }
    try await victim.kill()
    var outcomes: [AgentOutcome] = []
    for agent in agents { outcomes.append(try await agent.outcome) }
    #expect(Set(outcomes.map { "\($0)" }).count == 1)
    try federation.expectReplay(ends: outcomes)
    try federation.expectJournals(of: [1, 2, 3, 4, 5], equal: federation.journal)
    // Whose masked answer came in with the rest of it counts, whatever it does then.
    let counted = try federation.participants()
    #expect(counted[1] == 6)
    #expect(counted[2] == (step > 3 ? 6 : 5))
    #expect(counted[3] == 5)
    try await coordinator.end()
  }

  /// A coordinator that goes down in the middle of a round asks for it again, under other keys.
  @Test func coordinatorIsKilled() async throws {
    let federation = try LoopbackFederation(sites: 4) {
      $0.rounds = 5
      $0.secureAggregation.mode = .on
    }
    let simulated = try federation.simulate()
    var coordinator: CoordinatorUnderTest? = try await federation.coordinator()
    let (stream, arrives) = AsyncStream<Void>.makeStream()
    let agents = try await federation.agents {
      $0.relay = { message in
        if case .secureAggregation(let secure) = message.kind, secure.round == 3 { arrives.yield() }
        return [message]
      }
    }
    for await _ in stream { break }
    try await coordinator?.end(cut: true)
    // It lets go of the journal when the last of it is gone.
    coordinator = nil
    let second = try await federation.coordinator()
    try await federation.expectEverybody(agents, endsAs: simulated)
    try await second.end()
  }

  /// Sites say by their policies what they demand, and nobody overrides it.
  @Test func policiesAreKept() async throws {
    let privacy = { (mode: String, cohort: Int) in
      "{secure_aggregation: \(mode), differential_privacy: "
        + "{required: false, epsilon_maximum: any}, minimum_cohort: \(cohort)}"
    }
    let clear = try LoopbackFederation(sites: 3)
    let open = try await clear.coordinator()
    let refusal = try await clear.agent(1, policy: ["privacy": privacy("required", 1)]).failure
    #expect(refusal?.code == .refused)
    #expect(refusal?.message.contains("aggregates in the clear") == true)
    try await open.end()

    let masked = try LoopbackFederation(sites: 4) {
      $0.rounds = 2
      $0.secureAggregation.mode = .on
    }
    let coordinator = try await masked.coordinator()
    let large = try await masked.agent(1, policy: ["privacy": privacy("required", 5)]).failure
    #expect(large?.message.contains("4 sites") == true)
    var agents: [AgentUnderTest] = []
    for number in 1...4 {
      agents.append(
        try await masked.agent(number, policy: ["privacy": privacy("required", 4)]))
    }
    for agent in agents {
      guard case .finished(_, round: 2, _) = try await agent.outcome else {
        Issue.record("a site that requires secure aggregation did not finish")
        continue
      }
    }
    try await coordinator.end()
  }

  /// A run of many sites is not enough: what counts is among how many the sum hides an answer.
  @Test func smallGroupsAreRefused() async throws {
    let federation = try LoopbackFederation(sites: 6) {
      $0.secureAggregation.mode = .on
      $0.blocks.plan = .random
      $0.blocks.active = [0.67]
      $0.blocks.rotateEvery = 0
    }
    let coordinator = try await federation.coordinator()
    let careful = try await federation.agent(
      1,
      policy: [
        "privacy":
          "{secure_aggregation: required, differential_privacy: "
          + "{required: false, epsilon_maximum: any}, minimum_cohort: 4}"
      ])
    var others: [AgentUnderTest] = []
    for number in 2...6 { others.append(try await federation.agent(number)) }
    let refusal = try await careful.notices.first { notice in
      if case .refused(let text) = notice { text } else { nil }
    }
    #expect(refusal.contains("privacy.minimum_cohort") && refusal.contains("3 sites"))
    for agent in others + [careful] { try await agent.end() }
    try await coordinator.end()
  }

  /// What `auto` comes to is in the header, by which sites act.
  @Test(arguments: [(3, true), (2, false)])
  func autoFollowsTheCohort(_ sites: Int, _ isMasked: Bool) async throws {
    let federation = try LoopbackFederation(sites: sites) {
      $0.rounds = 1
      $0.secureAggregation.mode = .auto
    }
    let coordinator = try await federation.coordinator()
    for agent in try await federation.agents() { _ = try await agent.outcome }
    let header = try JournalReader(path: federation.journal).header
    #expect((header.configuration["secure_aggregation"]?.string == "on") == isMasked)
    let host = try await coordinator.coordinator.run(named: "trial")
    #expect(await host.result.history.allSatisfy { $0.groups.isEmpty != isMasked })
    try await coordinator.end()
  }

  /// A site of an older protocol is told to upgrade, in runs with masks only.
  @Test func olderSitesAreTold() async throws {
    let older: @Sendable (Zorba_V1_SiteMessage) -> [Zorba_V1_SiteMessage] = { message in
      guard case .hello(var hello) = message.kind else { return [message] }
      hello.protocolMaximum = 2
      return [.with { $0.hello = hello }]
    }
    let masked = try LoopbackFederation(sites: 3) { $0.secureAggregation.mode = .on }
    let coordinator = try await masked.coordinator()
    let failure = try await masked.agent(1) { $0.relay = older }.failure
    #expect(failure?.message.contains("upgrade the software of the site") == true)
    try await coordinator.end()
    let clear = try LoopbackFederation(sites: 1) { $0.rounds = 1 }
    let open = try await clear.coordinator()
    let agent = try await clear.agent(1) { $0.relay = older }
    guard case .finished = try await agent.outcome else {
      Issue.record("an older site was refused in the clear")
      return
    }
    try await open.end()
  }
}

extension LoopbackFederation {
  /// How many sites each round of the coordinator's journal counts.
  func participants() throws -> [Int: Int] {
    var counts: [Int: Int] = [:]
    let reader = try JournalReader(path: journal)
    while let entry = try reader.next() {
      if case .round(let round) = entry.record {
        counts[Int(round.number)] = round.participants.count
      }
    }
    return counts
  }
}
