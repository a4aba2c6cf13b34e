import Testing
import ZorBAData
import ZorBADiagnostics
import ZorBAFederation
import ZorBAModels
import ZorBAOptimization
import ZorBAPlanning

@testable import ZorBA

@Suite struct SensitivityProbeTests {
  private func probe(
    _ problem: SensitivityProblem, directions: Int, number: UInt16 = 0
  ) throws -> MeasuredSensitivity {
    try SensitivityProbe(
      model: problem.model, clients: problem.clients, method: problem.configuration.method,
      runKey: RunKey(seed: 1), directions: directions, number: number
    ).measure()
  }

  /// Twelve probes of 50 directions, three kinds of numbers, two blocks: 72 intervals, correlated inside
  /// a probe. 95 % cover the exact value; six of them missing is 1.3 standard deviations for
  /// independent ones, sixteen would be impossible.
  @Test(arguments: [2, 4])
  func intervalsHoldTheExactValues(batch: Int) throws {
    let problem = try SensitivityProblem(batchSize: batch)
    let truth = problem.truth
    var missed = 0
    var means = BlockSensitivity(
      gradientEnergy: [0, 0], clientSpread: [0, 0], sampleNoise: [0, 0], clients: 1)
    for number in 0..<12 {
      let found = try probe(problem, directions: 50, number: UInt16(number))
      for block in 0..<problem.blocks {
        let noise = truth.sampleNoise.reduce(0) { $0 + $1[block] } / 3
        for (interval, value) in [
          (found.intervals.gradientEnergy[block], truth.gradientEnergy[block]),
          (found.intervals.clientSpread[block], truth.clientSpread[block]),
          (found.intervals.sampleNoise[block], noise),
        ] where !(try #require(interval).contains(value)) {
          missed += 1
        }
        means.gradientEnergy[block] += found.estimate.gradientEnergy[block] / 12
        means.clientSpread[block] += found.estimate.clientSpread[block] / 12
        means.sampleNoise[0][block] +=
          found.estimate.sampleNoise.reduce(0) { $0 + $1[block] } / 3 / 12
      }
    }
    #expect(missed <= 11, "\(missed) of 72")
    for block in 0..<problem.blocks {
      // 600 directions at a relative variance of 3 to 9: 12 % at most.
      #expect(abs(means.gradientEnergy[block] / truth.gradientEnergy[block] - 1) < 0.36)
      #expect(abs(means.clientSpread[block] / truth.clientSpread[block] - 1) < 0.36)
      let noise = truth.sampleNoise.reduce(0) { $0 + $1[block] } / 3
      #expect(abs(means.sampleNoise[0][block] / noise - 1) < 0.2)
    }
  }

  /// Whole data sets as minibatches have no noise, and the estimate knows.
  @Test func wholeDataHaveNoNoise() throws {
    let problem = try SensitivityProblem(batchSize: 8)
    let found = try probe(problem, directions: 200)
    #expect(found.estimate.sampleNoise.joined().allSatisfy { $0 == 0 })
    for block in 0..<problem.blocks {
      let energy = found.estimate.gradientEnergy[block] / problem.truth.gradientEnergy[block]
      // Relative variance 2 a direction: 10 %.
      #expect(abs(energy - 1) < 0.35, "\(energy)")
    }
  }

  @Test func aProbeCanBeRepeatedAndDisturbsNothing() throws {
    let problem = try SensitivityProblem(batchSize: 2)
    let digest = StateDigest(of: problem.model.parameters, context: problem.model.compute)
    let undisturbed = try problem.session(seed: 4).session.advance { _, _ in }
    var first = try probe(problem, directions: 4)
    var second = try probe(problem, directions: 4)
    first.seconds = 0
    second.seconds = 0
    #expect(first == second)
    #expect(StateDigest(of: problem.model.parameters, context: problem.model.compute) == digest)
    #expect(try problem.session(seed: 4).session.advance { _, _ in }.clients == undisturbed.clients)
    #expect(try probe(problem, directions: 4, number: 1).estimate != first.estimate)
  }

  /// Two blocks: the lower costs two passes through both, the upper one below and two through itself:
  /// 2 + 1.5 in units
  /// of a pass through both; a round of one direction costs two such passes.
  @Test func theCostIsCounted() throws {
    var problem = try SensitivityProblem(batchSize: 2)
    problem.configuration.method.directions = 5
    let probe = SensitivityProbe(
      model: problem.model, clients: problem.clients, method: problem.configuration.method,
      runKey: RunKey(seed: 1), directions: 20)
    #expect(probe.roundsEquivalent == 20 * 3.5 / 10)
    var told: [Int] = []
    let found = try probe.measure { done, total in
      #expect(total == 60)
      told.append(done)
    }
    #expect(told == Array(1...60))
    #expect(found.directions == 20 && found.roundsEquivalent == probe.roundsEquivalent)
    #expect(found.clients == ["site-0", "site-1", "site-2"])
  }

  @Test func minibatchesOfOneExampleAreRefused() throws {
    let problem = try SensitivityProblem(batchSize: 1)
    let error = #expect(throws: ZorBAError.self) { _ = try probe(problem, directions: 2) }
    #expect(error?.location.field == "batch.size" && error?.message.contains("site-0") == true)
  }

  /// The learner fed by real rounds agrees with the exact values within its intervals, and with the
  /// probe.
  @Test(arguments: [SeedingMode.shared, .perClient])
  func ordinaryRoundsTellTheSame(_ seeding: SeedingMode) throws {
    // Equal weights: what rounds know of the spread is then the uniform one, without an average over
    // labels.
    var problem = try SensitivityProblem(batchSize: 2, weights: [1, 1, 1])
    problem.configuration.method.seeding = seeding
    problem.configuration.method.directions = 2
    let (session, plan) = try problem.session(seed: 9)
    var learner = SensitivityLearner(
      model: problem.model, clients: problem.clients, configuration: problem.configuration,
      memory: .infinity)
    for _ in 0..<600 {
      let metrics = try session.advance { _, _ in }
      learner.add(metrics, matrix: plan.matrix(round: metrics.round))
    }
    let found = try #require(learner.estimate())
    let truth = problem.truth
    let measured = try probe(problem, directions: 50)
    for block in 0..<problem.blocks {
      let own = try #require(found.clientEnergy[block])
      let exact = truth.gradientEnergy[block] + truth.clientSpread[block]
      // Four standard errors.
      #expect(abs(own.value - exact) < 2 * own.interval.halfWidth)
      #expect(own.interval.halfWidth < 0.6 * exact)
      let noise = try #require(found.sampleNoise[block])
      let meanNoise = truth.sampleNoise.reduce(0) { $0 + $1[block] } / 3
      #expect(abs(noise.value - meanNoise) < 2 * noise.interval.halfWidth)
      guard seeding == .shared else {
        #expect(found.gradientEnergy[block] == nil && found.clientSpread[block] == nil)
        continue
      }
      let energy = try #require(found.gradientEnergy[block])
      let spread = try #require(found.clientSpread[block])
      #expect(abs(energy.value - truth.gradientEnergy[block]) < 2 * energy.interval.halfWidth)
      #expect(abs(spread.value - truth.clientSpread[block]) < 2 * spread.interval.halfWidth)
      #expect(energy.interval.overlaps(try #require(measured.intervals.gradientEnergy[block])))
      #expect(spread.interval.overlaps(try #require(measured.intervals.clientSpread[block])))
    }
  }

  /// A probe can stand in for the prior: before rounds say more, proportions are the probe's.
  @Test func aProbeIsAPrior() throws {
    let problem = try SensitivityProblem(batchSize: 2)
    let measured = BlockSensitivity(
      gradientEnergy: [6, 2], clientSpread: [1, 0], sampleNoise: [[4, 8], [2, 2], [0, 0]])
    let learner = SensitivityLearner(
      model: problem.model, clients: problem.clients, configuration: problem.configuration,
      measured: measured)
    let prior = learner.estimator.prior
    #expect(abs(prior.gradientEnergy[0] / prior.gradientEnergy[1] - 3) < 1e-12)
    #expect(abs(prior.sampleNoise[0][1] / prior.gradientEnergy[1] - 4) < 1e-12)
    // Nothing is taken to be exactly 0.
    #expect(prior.clientSpread[1] > 0 && prior.clientSpread[1] < prior.clientSpread[0] / 10)
    #expect(prior.sampleNoise[2].allSatisfy { $0 > 0 })
  }
}
