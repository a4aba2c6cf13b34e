import Testing
import ZorBAData
import ZorBAFederation
import ZorBAJSON
import ZorBAModels
import ZorBAOptimization
import ZorBAPlanning
import ZorBATestSupport

@testable import ZorBA

@Suite struct HalfScalarTests {
  /// Of the first round of each client, outcomes by branch: [clients][branches][examples].
  private func outcomes(_ run: PreparedRun) throws -> [[[ExampleScorer.Outcome]]] {
    let method = run.configuration.method
    let schedule = DirectionSchedule(
      runKey: run.runKey, seeding: method.seeding, distribution: method.perturbation)
    return try run.clients.enumerated().map { index, client in
      try ExampleScorer(model: run.loaded.model).outcomes(
        of: client.sampler.batch(round: 0).map { client.examples[$0] },
        plan: PerturbationPlan(
          directions: schedule.directions(
            round: 1, step: 0, count: method.directions, client: UInt32(index + 1)),
          scale: Float(method.mu),
          active: Set(run.plan.matrix(round: 1).activeBlocks(of: index).map { $0 + 1 })))
    }
  }

  /// The committed scalars are what they were before halves existed, bit for bit: losses summed
  /// in order, means, differences in binary64, rounded once. And each half is that of its examples.
  @Test func scalarsAreThoseOfTheWholeAndOfTheHalves() throws {
    let run = try TinyRun(rows: 30) {
      $0.method.directions = 3
      $0.batch.size = 5
    }.prepared()
    func scalar(_ plus: [ExampleScorer.Outcome], _ minus: [ExampleScorer.Outcome]) -> Float {
      func mean(_ branch: [ExampleScorer.Outcome]) -> Double {
        var loss = 0.0
        var weight = 0.0
        for outcome in branch {
          loss += outcome.loss
          weight += outcome.weight
        }
        return loss / weight
      }
      return Float((mean(plus) - mean(minus)) / (2 * run.configuration.method.mu))
    }
    let outcomes = try outcomes(run)
    let session = try run.session(lastCommitted: 0) { _ in }
    let metrics = try session.advance { _, _ in }
    #expect(metrics.clients.count == 3)
    for (client, branches) in zip(metrics.clients, outcomes) {
      let halves = try #require(client.halfScalars)
      #expect(client.scalars.count == 3 && halves.count == 3)
      for direction in 0..<3 {
        let (plus, minus) = (branches[2 * direction], branches[2 * direction + 1])
        #expect(client.scalars[direction] == scalar(plus, minus))
        func half(_ branch: [ExampleScorer.Outcome], _ parity: Int) -> [ExampleScorer.Outcome] {
          branch.indices.filter { $0 % 2 == parity }.map { branch[$0] }
        }
        #expect(halves[direction].first == scalar(half(plus, 0), half(minus, 0)))
        #expect(halves[direction].second == scalar(half(plus, 1), half(minus, 1)))
      }
    }
  }

  @Test(arguments: [1, 3])
  func everyStepHasHalves(steps: Int) throws {
    let run = try TinyRun {
      $0.method.directions = 2
      $0.method.localSteps = steps
    }.prepared()
    let session = try run.session(lastCommitted: 0) { _ in }
    let metrics = try session.advance { _, _ in }
    #expect(metrics.clients.allSatisfy { $0.halfScalars?.count == 2 * steps })
    #expect(try #require(RoundMetrics(json: metrics.json)) == metrics)
    let text = metrics.json.serialized
    #expect(RoundMetrics(json: try JSONParser.parse(Array(text.utf8))) == metrics)
  }

  @Test func oneExampleHasNoHalves() throws {
    let run = try TinyRun { $0.batch.size = 1 }.prepared()
    let session = try run.session(lastCommitted: 0) { _ in }
    let metrics = try session.advance { _, _ in }
    #expect(metrics.clients.allSatisfy { $0.halfScalars == nil })
    #expect(!metrics.json.serialized.contains("half_scalars"))
    #expect(RoundMetrics(json: metrics.json) == metrics)
  }

  /// What a resumed run reads back teaches the same as what an uninterrupted one saw.
  @Test func recordedRoundsTeachTheSame() throws {
    let tiny = try TinyRun(rows: 24) { $0.blocks.plan = .random }
    let result = try tiny.run()
    let run = try tiny.prepared()
    let lines = try contents(of: tiny.configuration.out + "/metrics.jsonl")
      .split(separator: UInt8(ascii: "\n"))
    let recorded = try lines.compactMap { RoundMetrics(json: try JSONParser.parse($0)) }
    #expect(recorded.count == 6)
    func estimate(_ rounds: [RoundMetrics]) -> SensitivityLearner {
      var learner = SensitivityLearner(
        model: run.loaded.model, clients: run.clients, configuration: run.configuration)
      for round in rounds { learner.add(round, matrix: run.plan.matrix(round: round.round)) }
      return learner
    }
    #expect(estimate(recorded).estimate() == estimate(result.history).estimate())
    #expect(estimate(recorded).estimate()?.rounds == 6)
  }

  /// Embeddings and head that are trained too are one more block, which is not reported.
  @Test func outerParametersAreNoBlock() throws {
    let run = try TinyRun(rows: 24) {
      $0.blocks.plan = .random
      $0.blocks.outer = true
    }.prepared()
    let session = try run.session(lastCommitted: 0) { _ in }
    var learner = SensitivityLearner(
      model: run.loaded.model, clients: run.clients, configuration: run.configuration)
    for _ in 0..<30 {
      let metrics = try session.advance { _, _ in }
      learner.add(metrics, matrix: run.plan.matrix(round: metrics.round))
    }
    #expect(learner.estimator.blockCount == 4)
    let estimate = try #require(learner.estimate())
    #expect(estimate.sensitivity.blockCount == 3 && estimate.gradientEnergy.count == 3)
    // Everyone has two of three blocks, so the constant column is half their sum.
    #expect(estimate.undeterminedBlocks == [0, 1, 2])
  }
}
