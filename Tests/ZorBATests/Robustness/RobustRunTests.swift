import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization

@testable import ZorBA

/// Runs under other rules than the mean, from the answers to the model.
@Suite struct RobustRunTests {
  /// Coefficients of committed rounds stay of the honest size, and the journal replays.
  @Test(arguments: [AggregationConfiguration.Rule.median, .trimmedMean, .normClipped])
  func hugeAnswersDoNotGetThrough(_ rule: AggregationConfiguration.Rule) throws {
    let run = try SiteRun(sites: 7) {
      $0.guardrail.factor = 1e30
      $0.federation.weights = .uniform
      $0.aggregation.rule = rule
      $0.aggregation.trim = 0.3
      $0.method.localSteps = 2
    }
    // Two of seven sites send the opposite, 1e20 times over.
    let result = try run.simulate(
      tampers: { _, client, scalars in
        client < 2 ? scalars.map { $0.map { -1e20 * $0 } } : scalars
      })
    #expect(result.rounds == 12)
    let largest = try JournalReader(path: result.journalPath).nextRounds().reduce(Float(0)) {
      guard case .shared(let blocks) = $1.coefficients else { return .infinity }
      return blocks.reduce($0) { max($0, $1.values.map(abs).max() ?? 0) }
    }
    #expect(largest > 0 && largest < 10)
    #expect(Set(result.contributionAlarms.map(\.client)) == ["ward-1", "ward-2"])
    #expect(result.contributionAlarms.allSatisfy { $0.kind == .large && $0.round <= 8 })
    #expect(result.warnings.count { $0.contains("ward-1 is out of line") } == 1)
    #expect(result.history.contains { $0.alarms.contains { $0.contains("ward-2") } })
    let json = result.json["contributions"]
    #expect(json?["sites"]?.array?.count == 7 && json?["alarms"]?.array?.count == 2)
  }

  /// Who is refused again and again is named as well.
  @Test func refusedSitesAreNamed() throws {
    let run = try SiteRun(sites: 4) {
      $0.rounds = 20
      $0.guardrail.action = .skip
    }
    let result = try run.simulate(
      tampers: { _, client, scalars in client == 1 ? [[.nan]] : scalars })
    let alarm = try #require(result.contributionAlarms.first)
    #expect(result.contributionAlarms.count == 1)
    #expect(alarm.client == "ward-2" && alarm.kind == .refused && alarm.round < 10)
    #expect(result.contributions[1].refused == 1 && result.contributions[0].refused == 0)
  }

  /// The journal of a run by the mean does not know of rules; that of others keeps theirs.
  @Test func theJournalKeepsTheRule() throws {
    let plain = try SiteRun().configuration.journaled.serialized
    #expect(!plain.contains("aggregation") && !plain.contains("fairness"))
    let other = try SiteRun {
      $0.aggregation.rule = .normClipped
      $0.aggregation.clip = .norm(0.25)
      $0.fairness = FairnessConfiguration()
      $0.fairness?.lossExponent = 2
    }.configuration.journaled
    #expect(other["aggregation"]?["clip"]?.double == 0.25)
    #expect(other["fairness"]?["q"]?.double == 2)
  }

  /// A plan that gives a block too few clients for the rule is refused, naming the block.
  @Test func plansMustGiveEnoughAnswers() throws {
    var run = try TinyRun {
      $0.aggregation.rule = .median
    }
    try run.plan([[[1, 1, 1], [1, 1, 1], [1, 1, 1]], [[1, 1, 1], [1, 0, 1], [1, 1, 1]]])
    let error = try #require(throws: ZorBAError.self) { try run.run() }
    #expect(error.code == .invalidConfiguration)
    #expect(error.message.contains("gives block 2 to 2") && error.message.contains("matrix 2"))
    run.configuration.aggregation.rule = .trimmedMean
    run.configuration.blocks.plan = .full
    #expect(throws: ZorBAError.self) { try run.run() }
    run.configuration.aggregation.trim = 0.34
    #expect(try run.run().rounds == 6)
    run.configuration.out += "-few"
    run.configuration.federation.participation = 0.5
    #expect(throws: ZorBAError.self) { try run.run() }
  }

  /// One site by itself trains under any rule: there is nobody to compare it with.
  @Test func aSiteAloneTrainsUnderAnyRule() throws {
    var run = try TinyRun { $0.aggregation.rule = .median }
    run.configuration.federation.only = "a"
    let alone = try run.run()
    #expect(alone.rounds == 6)
    run.configuration.aggregation.rule = .mean
    run.configuration.out += "-mean"
    #expect(try run.run().stateDigest == alone.stateDigest)
  }

  /// Weights that follow losses move the model elsewhere, and towards whom it serves badly.
  @Test func lossesDecideWeights() throws {
    let plain = try SiteRun(sites: 4) { $0.federation.weights = .uniform }.simulate()
    let fair = try SiteRun(sites: 4) {
      $0.federation.weights = .uniform
      $0.fairness = FairnessConfiguration()
      $0.fairness?.lossExponent = 2
    }.simulate()
    #expect(plain.stateDigest != fair.stateDigest)
    let round = try #require(fair.history.first)
    var combination = AnswerCombination(
      try SiteRun(sites: 4) {
        $0.fairness = FairnessConfiguration()
        $0.fairness?.lossExponent = 2
      }.configuration)
    var results = round.clients.enumerated().map {
      ClientResult(client: UInt32($0.offset + 1), weight: 1, blocks: [1], scalars: [0])
    }
    combination.weigh(&results, losses: round.clients.map { Float($0.loss) })
    combination.learn([[1]])
    let byLoss = zip(round.clients, results).sorted { $0.0.loss < $1.0.loss }.map(\.1.weight)
    #expect(byLoss == byLoss.sorted() && byLoss[0] < byLoss[3])
  }
}
