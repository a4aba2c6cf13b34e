import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBAOptimization
import ZorBATestSupport

@testable import ZorBA

/// The coordinator's arithmetic of a round depends on what was answered, never on when.
@Suite struct RoundEngineTests {
  private static func configuration(
    sites: Int, change: (inout RunConfiguration) -> Void = { _ in }
  ) -> RunConfiguration {
    var run = RunConfiguration(model: "m", data: DataFiles(train: []))
    run.federation = FederationConfiguration(sites: (1...sites).map { "s\($0)" })
    run.method.learningRate = 0.1
    change(&run)
    return run
  }

  private static func engine(_ run: RunConfiguration) throws -> RoundEngine {
    try RoundEngine(
      configuration: run, runKey: RunKey(seed: 5),
      members: run.federation.sites.enumerated().map { ($0.element, Double($0.offset + 1)) })
  }

  private static func plan(
    clients: Int, blocks: Int, using random: inout SeededGenerator
  ) throws -> ActivationPlan {
    ActivationPlan(
      cycle: try (0..<3).map { _ in
        var rows = (0..<clients).map { _ in
          (0..<blocks).map { _ in Int.random(in: 0...2, using: &random) == 0 }
        }
        rows[Int.random(in: 0..<clients, using: &random)][0] = true
        return try ActivationMatrix(rows: rows, mayRest: true)
      })
  }

  private static func report(
    _ client: Int, _ run: RunConfiguration, using random: inout SeededGenerator, scale: Float = 1
  ) -> RoundCoordinator.Report {
    RoundCoordinator.Report(
      client: client,
      scalars: (0..<run.method.localSteps).map { _ in
        (0..<run.method.directions).map { _ in scale * Float.random(in: -1...1, using: &random) }
      }, examples: 3, loss: 0.5)
  }

  /// The first draw is the one that runs have always made; later ones are others.
  @Test func theFirstAttemptDrawsAsEver() throws {
    var random = SeededGenerator(seed: 1)
    for share in [0.2, 0.5, 1] {
      let run = Self.configuration(sites: 7) { $0.federation.participation = share }
      let engine = try Self.engine(run)
      let plan = try Self.plan(clients: 7, blocks: 3, using: &random)
      var others = 0
      for round in 1...200 {
        var draw = RunStream.participation.generator(
          runKey: RunKey(seed: 5), index: UInt64(round))
        let expected = plan.participants(round: round, share: share, using: &draw)
        #expect(engine.participants(round: round, plan: plan) == expected)
        #expect(
          engine.participants(round: round, attempt: 1, plan: plan, available: Set(0..<7))
            == expected)
        if engine.participants(round: round, attempt: 2, plan: plan) != expected { others += 1 }
      }
      #expect(share == 1 ? others == 0 : others > 50)
    }
  }

  @Test func onlyThoseWhoTrainAndAreThereAreAsked() throws {
    var random = SeededGenerator(seed: 2)
    for trial in 0..<400 {
      let clients = Int.random(in: 1...9, using: &random)
      let run = Self.configuration(sites: clients) {
        $0.federation.participation = [0.1, 0.5, 1][trial % 3]
        $0.federation.overSelection = [0, 0.5, 3][trial % 3]
      }
      let plan = try Self.plan(clients: clients, blocks: 2, using: &random)
      let available = Set((0..<clients).filter { _ in Bool.random(using: &random) })
      let asked = try Self.engine(run).participants(
        round: trial + 1, attempt: trial % 4 + 1, plan: plan, available: available)
      let matrix = plan.matrix(round: trial + 1)
      let ready = available.filter { !matrix.isResting($0) }
      #expect(asked == asked.sorted() && Set(asked).count == asked.count)
      #expect(Set(asked).isSubset(of: ready) && asked.isEmpty == ready.isEmpty)
    }
  }

  @Test func overSelectionAsksMore() throws {
    let plan = ActivationPlan(fixed: try .full(clients: 20, blocks: 2))
    for (over, expected) in [(0.0, 10), (0.3, 13), (1, 20), (5, 20)] {
      let run = Self.configuration(sites: 20) {
        $0.federation.participation = 0.5
        $0.federation.overSelection = over
      }
      #expect(try Self.engine(run).participants(round: 4, plan: plan).count == expected)
    }
  }

  @Test func quorumsRoundUp() {
    var federation = FederationConfiguration(sites: ["a"])
    for (share, asked, needed) in [
      (0.5, 3, 2), (0.5, 4, 2), (0.1, 30, 3), (0.7, 10, 7), (1e-9, 5, 1), (1, 8, 8), (0.5, 0, 1),
    ] {
      federation.quorum = share
      #expect(federation.quorum(asked: asked) == needed, "\(share) of \(asked)")
    }
    #expect(FederationConfiguration().quorum(asked: 100) == 1)
  }

  /// Arrival does not matter: neither to the commit nor to what the guard learns.
  @Test(arguments: SeedingMode.allCases)
  func orderOfArrivalChangesNothing(_ seeding: SeedingMode) throws {
    var random = SeededGenerator(seed: 3)
    let run = Self.configuration(sites: 6) {
      $0.method.seeding = seeding
      $0.method.directions = 2
      $0.method.localSteps = 2
      $0.guardrail.action = .skip
      $0.guardrail.factor = 3.01
    }
    var (forwards, shuffled) = (try Self.engine(run), try Self.engine(run))
    let plan = try Self.plan(clients: 6, blocks: 4, using: &random)
    var leftOut = 0
    for round in 1...60 {
      let reports = forwards.participants(round: round, plan: plan).map {
        Self.report($0, run, using: &random, scale: Bool.random(using: &random) ? 1 : 20)
      }
      let expected = try forwards.close(reports, round: round, plan: plan)
      let found = try shuffled.close(
        reports.shuffled(using: &random), round: round, plan: plan)
      #expect(found.committed == expected.committed && found.leftOut == expected.leftOut)
      #expect(found.accepted == expected.accepted && found.reasons == expected.reasons)
      leftOut += expected.leftOut.count
    }
    #expect(leftOut > 5)
  }

  /// A round that cannot be closed leaves no trace, and can be tried again.
  @Test func whatFailsIsForgotten() throws {
    var random = SeededGenerator(seed: 4)
    let run = Self.configuration(sites: 3) {
      $0.guardrail.action = .skip
      $0.guardrail.factor = 4
    }
    let plan = ActivationPlan(fixed: try .full(clients: 3, blocks: 2))
    var (tried, plain) = (try Self.engine(run), try Self.engine(run))
    for round in 1...40 {
      let reports = (0..<3).map { Self.report($0, run, using: &random) }
      // Nothing but absurd answers, then one too few scalars, then an answer from nowhere.
      let absurd = (0..<3).map {
        RoundCoordinator.Report(
          client: $0, scalars: [[.nan]], examples: 1, loss: .nan)
      }
      #expect(try tried.close(absurd, round: round, plan: plan).committed == nil)
      var short = reports
      short[2].scalars = [[]]
      #expect(throws: ZorBAError.self) { try tried.close(short, round: round, plan: plan) }
      short[2] = reports[2]
      short[2].client = 3
      #expect(throws: ZorBAError.self) { try tried.close(short, round: round, plan: plan) }
      #expect(
        try tried.close(reports, round: round, plan: plan).committed
          == plain.close(reports, round: round, plan: plan).committed)
    }
  }

  @Test func theGuardStopsTheRun() throws {
    let run = Self.configuration(sites: 2)
    var engine = try Self.engine(run)
    let plan = ActivationPlan(fixed: try .full(clients: 2, blocks: 2))
    let reports = (0..<2).map {
      RoundCoordinator.Report(
        client: $0, scalars: [[$0 == 1 ? .infinity : 1]], examples: 1, loss: 1)
    }
    let error = #expect(throws: ZorBAError.self) {
      try engine.close(reports, round: 1, plan: plan)
    }
    #expect(error?.code == .diverged && error?.message.contains("client 2") == true)
  }

  /// An engine that is shown what was recorded judges as the one that saw it.
  @Test func whatWasRecordedIsRecalled() throws {
    var random = SeededGenerator(seed: 6)
    let run = Self.configuration(sites: 4) {
      $0.guardrail.action = .skip
      $0.guardrail.factor = 3.01
      $0.method.directions = 3
    }
    let plan = ActivationPlan(fixed: try .full(clients: 4, blocks: 2))
    var whole = try Self.engine(run)
    var history: [RoundMetrics] = []
    for round in 1...50 {
      var again = try Self.engine(run)
      again.recall(history)
      let reports = (0..<4).map {
        Self.report($0, run, using: &random, scale: Bool.random(using: &random) ? 1 : 9)
      }
      let closing = try whole.close(reports, round: round, plan: plan)
      #expect(try again.close(reports, round: round, plan: plan).committed == closing.committed)
      // A round that nobody gave a usable answer to is forgotten.
      guard
        let metrics = whole.metrics(of: closing, plan: plan, seconds: 1, peakMemoryBytes: 2)
      else { continue }
      history.append(try #require(RoundMetrics(json: metrics.json)))
    }
    #expect(history.contains { !$0.leftOut.isEmpty })
  }

  @Test func aClientWithoutWeightCannotBeCommitted() throws {
    let run = Self.configuration(sites: 2)
    var engine = try RoundEngine(
      configuration: run, runKey: RunKey(seed: 1), members: [("s1", 1), ("s2", nil)])
    let plan = ActivationPlan(fixed: try .full(clients: 2, blocks: 1))
    var random = SeededGenerator(seed: 7)
    let reports = (0..<2).map { Self.report($0, run, using: &random) }
    #expect(throws: ZorBAError.self) { try engine.close(reports, round: 1, plan: plan) }
    engine.weigh(1, 3)
    engine.weigh(9, 3)
    #expect(try engine.close(reports, round: 1, plan: plan).committed?.participants == [1, 2])
  }
}
