import Testing
import ZorBA
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBASite
import ZorBASitePolicy
import ZorBATensor
import ZorBATestSupport

@testable import ZorBACoordinator

/// Runs with the model's own gradients, with adapters and of encoders, over TLS.
@Suite(.serialized, .timeLimit(.minutes(4))) struct AdapterRunTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var family = TinyCheckpoint.Family.llama
    /// Whether the coordinator knows the base by a card alone.
    var hasCard = false
    var hasReplica = false
    var change: @Sendable (inout RunConfiguration) -> Void
  }

  static let cases = [
    Case(testDescription: "ZorBA over a LoRA", hasCard: true) { $0.adapter = .small },
    Case(testDescription: "ZorBA over an IA3, seeds of the sites", hasReplica: true) {
      $0.adapter = AdapterConfiguration()
      $0.adapter?.kind = .ia3
      $0.method.seeding = .perClient
      $0.blocks.plan = .random
      $0.blocks.rotateEvery = 2
    },
    Case(testDescription: "FedAvg over a LoRA (FedIT)", hasCard: true) {
      $0.method.name = .fedavg
      $0.method.localSteps = 2
      $0.adapter = .small
      $0.adapter?.dropout = 0.1
    },
    Case(testDescription: "FedAdam in eight bits over a LoRA on NF4", hasReplica: true) {
      $0.method.name = .fedadam
      $0.method.firstOrder.upload = .int8
      $0.adapter = .small
      $0.adapter?.targets = ["all-linear"]
      $0.adapter?.base = .nf4
    },
    Case(testDescription: "FedAvg of all weights") {
      $0.method.name = .fedavg
      $0.blocks.outer = true
    },
    Case(testDescription: "ZorBA of a BERT against prototypes", family: .bert, hasReplica: true) {
      $0.task.template = "{text}"
    },
    Case(testDescription: "FedAvg over a LoRA on a BERT", family: .bert, hasCard: true) {
      $0.task.template = "{text}"
      $0.method.name = .fedavg
      $0.adapter = .small
    },
  ]

  @Test(arguments: cases) func journalsAreTheSame(_ example: Case) async throws {
    let federation = try LoopbackFederation(family: example.family, usesBackwardPass: true) {
      $0.method.learningRate = 0.01
      $0.rounds = 4
      $0.federation.digestEvery = 1
      example.change(&$0)
    }
    let simulated = try federation.simulate()
    let coordinator = try await federation.coordinator(opening: false) {
      if example.hasReplica { $0.runs.replica = ReplicaOptions(threads: 1) }
    }
    var run = federation.coordinated
    if example.hasCard { run.model = try federation.writeCard() }
    let host = try await coordinator.coordinator.open(run, named: "trial")
    let header = try JournalReader(path: simulated.journalPath).header
    #expect(host.blueprint.header == header)
    let agents = try await federation.agents()
    try await federation.expectEverybody(agents, endsAs: simulated)
    try await federation.expectReplay(ends: [agents[0].outcome])
    let result = await host.result
    #expect(result.history.map(\.bytesUp) == simulated.history.map(\.bytesUp))
    #expect(result.history.map(\.bytesDown) == simulated.history.map(\.bytesDown))
    // In memory tensors begin on boundaries.
    if run.adapter?.base != .nf4 {
      #expect(result.weightsBytes <= simulated.weightsBytes)
      #expect(Double(result.weightsBytes) > 0.95 * Double(simulated.weightsBytes))
    }
    try await coordinator.end()
  }

  /// A site that was killed replays the adapter's changes onto the adapter's first values.
  @Test func sitesComeAgain() async throws {
    let federation = try LoopbackFederation(usesBackwardPass: true) {
      $0.method.name = .fedavg
      $0.method.learningRate = 0.01
      $0.adapter = .small
      $0.rounds = 12
      $0.federation.quorum = 0.6
      $0.federation.deadlineSeconds = 2
    }
    let coordinator = try await federation.coordinator()
    var agents = try await federation.agents()
    try await agents[1].applied(3)
    try await agents[1].kill()
    agents[1] = try await federation.agent(2)
    let outcomes = try await [agents[0].outcome, agents[1].outcome, agents[2].outcome]
    #expect(outcomes[1] == outcomes[0] && outcomes[2] == outcomes[0])
    try federation.expectJournals(of: [1, 2, 3], equal: federation.journal)
    try federation.expectReplay(ends: outcomes)
    try await coordinator.end()
  }

  /// A coordinator that starts again takes the run up, and a branch keeps the adapter as it is.
  @Test func coordinatorsComeAgain() async throws {
    let federation = try LoopbackFederation(usesBackwardPass: true) {
      $0.method.name = .fedavg
      $0.method.learningRate = 0.01
      $0.adapter = .small
      $0.rounds = 12
    }
    let simulated = try federation.simulate()
    var coordinator: CoordinatorUnderTest? = try await federation.coordinator()
    let agents = try await federation.agents()
    try await agents[1].applied(3)
    try await coordinator?.end(cut: true)
    // It lets go of the journal when the last of it is gone.
    coordinator = nil
    let second = try await federation.coordinator()
    try await federation.expectEverybody(agents, endsAs: simulated)
    try await second.coordinator.branch(
      "trial", at: 4, to: "slower", overrides: ["method.learning_rate=0.001"])
    let branch = try await second.coordinator.run(named: "slower")
    #expect(await branch.result.rounds == 4)
    let error = await #expect(throws: ZorBAError.self) {
      try await second.coordinator.branch(
        "trial", at: 4, to: "other", overrides: ["adapter.alpha=9"])
    }
    #expect(error?.code == .invalidConfiguration)
    try await second.end()
  }

  /// A site with another base model hears which one the run wants and which one it has.
  @Test func otherBasesAreRefused() async throws {
    let federation = try LoopbackFederation { $0.adapter = .small }
    let other = try TinyCheckpoint.write(to: federation.folder, as: "other", seed: 2)
    let coordinator = try await federation.coordinator()
    let host = try await coordinator.coordinator.run(named: "trial")
    let wanted = try #require(host.blueprint.configuration.adapter?.baseDigest)
    let found = try federation.card(of: other).base.state
    #expect(wanted == "\(try federation.card().base.state)" && wanted != "\(found)")
    let agent = try await federation.agent(1, settings: ["model: \(other)"])
    let failure = try #require(try await agent.failure)
    #expect(failure.code == .invalidModel)
    #expect(failure.message.contains(wanted) && failure.message.contains("\(found)"))
    #expect(failure.location.file == other)
    try await coordinator.end()
  }

  /// What a policy lists are base models, not first values of adapters.
  @Test func policiesKnowTheBase() async throws {
    let federation = try LoopbackFederation(sites: 2) {
      $0.adapter = .small
      $0.federation.startWith = 1
      $0.rounds = 2
    }
    let coordinator = try await federation.coordinator()
    let base = try federation.card().base.state
    let other = try await federation.agent(
      1, policy: ["base_models": "['00000000000000000000000000000000']"])
    let failure = try #require(try await other.failure)
    #expect(failure.code == .refused && failure.message.contains("\(base)"))
    var agents: [AgentUnderTest] = []
    for number in 1...2 {
      agents.append(try await federation.agent(number, policy: ["base_models": "['\(base)']"]))
    }
    for agent in agents { _ = try await agent.outcome }
    try await coordinator.end()
  }

  /// A dry run computes the adapter's update and no more.
  @Test func dryRunsShowTheAdapter() async throws {
    let federation = try LoopbackFederation(usesBackwardPass: true) {
      $0.method.name = .fedavg
      $0.adapter = .small
    }
    let coordinator = try await federation.coordinator()
    let rehearsal = try Rehearsal(
      await federation.configuration(1), run: federation.coordinated, named: "trial", threads: 1)
    let header = try federation.card().journalHeader(of: federation.coordinated)
    let bytes = try #require(header.model.updateBytes(of: federation.coordinated))
    #expect(try rehearsal.lines()[2].updateBytes == bytes)
    #expect(rehearsal.refusals.isEmpty)
    try await coordinator.end()
  }

  /// What a coordinator cannot begin says so, with the key.
  @Test func whatCannotBeginIsRefused() throws {
    let federation = try LoopbackFederation { $0.adapter = .small }
    let card = try federation.card()
    func field(
      _ card: ModelCard, _ change: (inout AdapterConfiguration) -> Void
    ) -> String? {
      var run = federation.coordinated
      var adapter = AdapterConfiguration.small
      change(&adapter)
      run.adapter = adapter
      return #expect(throws: ZorBAError.self) {
        try RunBlueprint(name: "trial", configuration: run, card: card)
      }?.location.field
    }
    #expect(field(card) { $0.path = "elsewhere" } == "adapter.path")
    #expect(field(card) { $0.targets = ["nothing"] } == "adapter.targets")
    #expect(field(card) { $0.baseDigest = "00" } == "adapter.base_digest")
    #expect(field(card) { $0.targets = ["layers.1.self_attn.q_proj"] } == "adapter.targets")
    let old = try ModelCard(
      name: card.name, precision: card.precision, model: card.model, base: card.base)
    #expect(field(old) { _ in } == "adapter")
  }

  /// A damaged card is an error or another run, never a crash.
  @Test func damagedCardsGiveErrors() throws {
    let federation = try LoopbackFederation { $0.adapter = .small }
    let run = federation.coordinated
    let text = Array(try federation.card().json.serialized.utf8)
    let header = try RunBlueprint(
      name: "trial", configuration: run, card: ModelCard(parsing: text)
    ).header
    var mutator = Mutator(seed: 51)
    var refused = 0
    for _ in 0..<4000 {
      do {
        let card = try ModelCard(parsing: mutator.mutate(text))
        let found = try RunBlueprint(name: "trial", configuration: run, card: card).header
        #expect(found.model.blocks.count == header.model.blocks.count)
      } catch is ZorBAError {
        refused += 1
      }
    }
    #expect(refused > 2000)
  }

  /// Whatever shape a card claims, it must be that of its tensors.
  @Test(arguments: [
    ("num_hidden_layers", 3, 4), ("num_hidden_layers", 3, 100), ("hidden_size", 16, 32),
    ("num_attention_heads", 2, 4), ("intermediate_size", 24, 25),
  ])
  func cardsAreOfOneModel(_ key: String, _ value: Int, _ other: Int) throws {
    let federation = try LoopbackFederation { $0.adapter = .small }
    let text = try federation.card().json.serialized
    let changed = text.replacing("\"\(key)\": \(value),", with: "\"\(key)\": \(other),")
    #expect(changed != text)
    let error = #expect(throws: ZorBAError.self) {
      try RunBlueprint(
        name: "trial", configuration: federation.coordinated,
        card: ModelCard(parsing: Array(changed.utf8)))
    }
    #expect(error?.location.field == "task.head")
  }
}

extension AdapterConfiguration {
  /// A LoRA as small as the models it stands beside.
  static var small: AdapterConfiguration {
    var adapter = AdapterConfiguration()
    adapter.rank = 2
    adapter.alpha = 4
    return adapter
  }
}

extension LoopbackFederation {
  /// The card of the run's base model, or of another one.
  func card(of model: String? = nil) throws -> ModelCard {
    try ModelCard(
      ofCheckpoint: model ?? run.model, precision: run.precision, task: run.task,
      context: ComputeContext(threads: 1))
  }

  /// Writes the card of the run's base model and returns its path.
  func writeCard() throws -> String {
    let path = folder.path("card.json")
    try card().write(to: path)
    return path
  }
}
