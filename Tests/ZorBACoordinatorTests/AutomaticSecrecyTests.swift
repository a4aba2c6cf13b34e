import Testing
import ZorBA
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBASite
import ZorBASitePolicy
import ZorBAStore
import ZorBAWire

@testable import ZorBACoordinator

/// `secure_aggregation: auto` where the coordinator makes the plan: on where groups can be formed, and
/// where they cannot, off and said so.
@Suite(.serialized, .timeLimit(.minutes(3))) struct AutomaticSecrecyTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var sites = 6
    /// What the reason to stay in the clear says; nil where the run is masked.
    var because: String?
    var isProvisional = false
    var change: @Sendable (inout RunConfiguration) -> Void
  }

  static let cases = [
    Case(testDescription: "random, two groups of three") {
      $0.blocks.plan = .random
      $0.blocks.active = [0.67]
    },
    Case(testDescription: "contiguous, one group that can train everything", sites: 4) {
      $0.blocks.plan = .contiguous
      $0.blocks.active = [1]
    },
    Case(
      testDescription: "random, one group that cannot", sites: 4,
      because: "no plan has groups of sites with the same blocks"
    ) {
      $0.blocks.plan = .random
      $0.blocks.active = [1, 1, 1, 0.34]
    },
    Case(testDescription: "some are drawn", because: "only a share of 0.5") {
      $0.blocks.plan = .random
      $0.blocks.active = [0.67]
      $0.federation.participation = 0.5
    },
    Case(testDescription: "it may begin with few", because: "may begin with 2 sites") {
      $0.blocks.plan = .random
      $0.blocks.active = [0.67]
      $0.federation.startWith = 2
    },
    Case(testDescription: "too few sites", sites: 2, because: "with 2 sites, fewer than the 3") {
      _ = $0
    },
    Case(testDescription: "directions of everybody's own", because: "directions of every client's")
    {
      $0.method.seeding = .perClient
    },
    Case(testDescription: "a median", because: "median") { $0.aggregation.rule = .median },
    Case(testDescription: "the planner's choice, when sites are there", isProvisional: true) {
      $0.blocks.plan = .lexicographic
      $0.blocks.active = [0.67]
    },
  ]

  @Test(arguments: cases) func theCohortDecides(_ example: Case) async throws {
    let federation = try LoopbackFederation(sites: example.sites) {
      $0.secureAggregation.mode = .auto
      example.change(&$0)
    }
    try await begin(example, federation)
    // Whoever takes the run up again finds it as it began.
    let again = try await federation.coordinator()
    let taken = try await again.coordinator.run(named: "trial")
    #expect(taken.blueprint.configuration.secureAggregation.isOn == (example.because == nil))
    #expect(taken.blueprint.isProvisional == example.isProvisional)
    try await again.end()
  }

  private func begin(_ example: Case, _ federation: LoopbackFederation) async throws {
    let coordinator = try await federation.coordinator()
    let host = try await coordinator.coordinator.run(named: "trial")
    let isMasked = example.because == nil
    #expect(host.blueprint.configuration.secureAggregation.isOn == isMasked)
    #expect(host.blueprint.isProvisional == example.isProvisional)
    let header = try JournalReader(path: federation.journal).header
    #expect((header.configuration["secure_aggregation"]?.string == "on") == isMasked)
    let status = await host.status.secureAggregation
    let protection = try #require(await host.result.protection)
    if let because = example.because {
      #expect(status.hasPrefix("off: ") && status.contains(because), "\(status)")
      #expect(protection.clearBecause?.contains(because) == true)
      let told = try await coordinator.notices.first { notice in
        if case .clear("trial", let because) = notice { because } else { nil }
      }
      #expect(told.contains(because))
      let events = try coordinator.store.events(
        matching: EventFilter(run: "trial", kind: "secure_aggregation"))
      #expect(events.count == 1 && events[0].text.contains(because))
    } else {
      #expect(status == "on" && protection.clearBecause == nil)
    }
    try await coordinator.end()
  }

  /// The planner makes groups within every site's costs; the log says what that costs.
  @Test func thePlannersGroupsAreMasked() async throws {
    let federation = try LoopbackFederation(sites: 6) {
      $0.rounds = 2
      $0.secureAggregation.mode = .auto
      $0.blocks.plan = .lexicographic
      $0.blocks.active = [0.67]
    }
    let coordinator = try await federation.coordinator()
    for agent in try await federation.agents() { _ = try await agent.outcome }
    let host = try await coordinator.coordinator.run(named: "trial")
    #expect(host.blueprint.configuration.secureAggregation.isOn)
    #expect(await host.result.history.allSatisfy { !$0.groups.isEmpty })
    #expect(await host.result.protection?.smallestGroup == 3)
    let planned = try coordinator.store.events(
      matching: EventFilter(run: "trial", kind: "planned"))
    #expect(planned.count == 1)
    #expect(planned[0].text.contains("2 groups of at least 3 sites"), "\(planned[0].text)")
    #expect(planned[0].text.contains("without the rule"))
    try await coordinator.end()
  }

  /// Sites whose memory leaves no plan in groups: the run begins anew in the clear before its first
  /// round, sites are shown a header that says so, and one that demands masks stays away.
  @Test func whereGroupsDoNotFitTheRunGoesInTheClear() async throws {
    let federation = try LoopbackFederation(sites: 3) {
      $0.rounds = 3
      $0.secureAggregation.mode = .auto
      $0.blocks.plan = .lexicographic
      $0.blocks.active = [0.67]
    }
    let coordinator = try await federation.coordinator()
    let first = try await coordinator.coordinator.run(named: "trial")
    #expect(first.blueprint.isProvisional)
    let agents = try await federation.agents()
    for agent in agents {
      guard case .finished(_, round: 3, _) = try await agent.outcome else {
        Issue.record("a site did not finish")
        continue
      }
    }
    let host = try await coordinator.coordinator.run(named: "trial")
    #expect(host !== first && !host.blueprint.configuration.secureAggregation.isOn)
    let because = try #require(await host.result.protection?.clearBecause)
    #expect(because.contains("no plan within the sites' budgets has groups"))
    #expect(await host.status.secureAggregation.hasPrefix("off: "))
    #expect(
      coordinator.notices.all.contains { notice in
        if case .clear("trial", because) = notice { true } else { false }
      })
    let header = try JournalReader(path: federation.journal).header
    #expect(header.configuration["secure_aggregation"] == nil)
    #expect(await host.result.history.allSatisfy { $0.groups.isEmpty && $0.clients.count == 3 })
    try federation.expectJournals(of: [1, 2, 3], equal: federation.journal)
    try await coordinator.end()
  }

  @Test func aSiteThatDemandsMasksIsNotAskedInTheClear() async throws {
    let federation = try LoopbackFederation(sites: 3) {
      $0.rounds = 2
      $0.secureAggregation.mode = .auto
      $0.blocks.plan = .lexicographic
      $0.blocks.active = [0.67]
    }
    let coordinator = try await federation.coordinator()
    let strict = try await federation.agent(
      1,
      policy: [
        "privacy":
          "{secure_aggregation: required, differential_privacy: "
          + "{required: false, epsilon_maximum: any}, minimum_cohort: 1}"
      ])
    let others = [try await federation.agent(2), try await federation.agent(3)]
    let failure = try #require(await strict.failure)
    #expect(failure.code == .refused && failure.message.contains("in the clear"))
    for agent in others { try await agent.end() }
    try await coordinator.end()
  }

  /// What people approved is not changed: such a run stands still and says why.
  @Test func whatWasApprovedStaysMasked() async throws {
    let federation = try LoopbackFederation(sites: 3) {
      $0.rounds = 2
      $0.secureAggregation.mode = .auto
      $0.blocks.plan = .lexicographic
      $0.blocks.active = [0.67]
      $0.approvals.required = 1
    }
    let coordinator = try await federation.coordinator(opening: false)
    let run = federation.coordinated
    guard
      case .waiting(let digest, _) = try await coordinator.coordinator.admit(run, named: "trial")
    else {
      Issue.record("it does not wait for approval")
      return
    }
    try await coordinator.coordinator.approve("trial", digest: digest, by: "zorba://x/operator/bob")
    let agents = try await federation.agents()
    let paused = try await coordinator.state(.paused)
    #expect(paused.reason.contains("no plan can be made"))
    let host = try await coordinator.coordinator.run(named: "trial")
    #expect(host.blueprint.configuration.secureAggregation.isOn)
    #expect(host.blueprint.specification == digest)
    for agent in agents { try await agent.end() }
    try await coordinator.end()
  }

  /// A dry run shows what `auto` can come to, and judges by the smallest group.
  @Test func dryRunsKnowGroups() async throws {
    let privacy = { (mode: String, cohort: Int) in
      "{secure_aggregation: \(mode), differential_privacy: "
        + "{required: false, epsilon_maximum: any}, minimum_cohort: \(cohort)}"
    }
    func rehearsal(
      sites: Int, _ mode: SecureAggregationConfiguration.Mode, _ policy: String
    ) async throws -> (rehearsal: Rehearsal, isMasked: Bool) {
      let federation = try LoopbackFederation(sites: sites) {
        $0.secureAggregation.mode = mode
        $0.blocks.plan = .random
        $0.blocks.active = [0.67]
      }
      // Only for the address.
      let coordinator = try await federation.coordinator()
      let rehearsal = try Rehearsal(
        try await federation.configuration(1, policy: ["privacy": policy]),
        run: federation.coordinated, named: "trial", threads: 1)
      let lines = try rehearsal.lines()
      try await coordinator.end()
      return (rehearsal, lines.contains { $0.text.contains("masked") })
    }
    let open = try await rehearsal(sites: 6, .auto, privacy("optional", 1))
    #expect(!open.isMasked && open.rehearsal.refusals.isEmpty)
    #expect(open.rehearsal.remark?.contains("shown as off") == true)
    let strict = try await rehearsal(sites: 6, .auto, privacy("required", 1))
    #expect(strict.isMasked && strict.rehearsal.refusals.isEmpty)
    #expect(strict.rehearsal.remark?.contains("groups of 3 sites") == true)
    let few = try await rehearsal(sites: 2, .auto, privacy("optional", 1))
    #expect(!few.isMasked && few.rehearsal.remark?.contains("comes to off") == true)
    // Six sites take part, but a sum may be over three.
    let careful = try await rehearsal(sites: 6, .on, privacy("optional", 4))
    #expect(careful.isMasked && careful.rehearsal.remark == nil)
    #expect(careful.rehearsal.refusals.contains { $0.contains("3 sites") })
  }
}
