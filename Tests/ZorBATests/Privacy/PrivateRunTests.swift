import Foundation
import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBAModels
import ZorBAOptimization
import ZorBAPrivacy
import ZorBATestSupport

@testable import ZorBA

@Suite struct PrivateRunTests {
  private static func tiny(
    epsilon: Double = 4, _ change: (inout RunConfiguration) -> Void = { _ in }
  ) throws -> TinyRun {
    try TinyRun {
      $0.differentialPrivacy = DifferentialPrivacyConfiguration(epsilon: epsilon)
      $0.method.directions = 3
      change(&$0)
    }
  }

  @Test(arguments: DifferentialPrivacyConfiguration.Level.allCases, [1, 2])
  func aRunKeepsItsPromise(_ level: DifferentialPrivacyConfiguration.Level, _ steps: Int) throws {
    let run = try Self.tiny {
      $0.differentialPrivacy?.level = level
      $0.method.localSteps = steps
      $0.method.learningRate = 1e-5
    }
    let result = try run.run()
    let privacy = try #require(result.privacy)
    #expect(privacy.epsilon <= 4 && privacy.epsilon > 1)
    #expect(privacy.sites.count == 3)
    for site in privacy.sites {
      #expect(site.uses == 6 * steps)
      #expect(site.lowerBound <= site.epsilon && site.epsilon <= site.renyi * 1.001)
      #expect((site.samplingRate == 1) == (level == .site || site.samplingRate >= 1))
    }
    // Nothing of a round but private scalars and public numbers.
    for round in result.history {
      #expect(round.loss == 0 && round.epsilon.map { $0 > 0 && $0 <= 4 } == true)
      for client in round.clients {
        #expect(client.loss == 0 && client.halfScalars == nil && client.examples == 2 * steps)
        #expect(client.scalars.count == 3 * steps && client.scalars.allSatisfy(\.isFinite))
      }
    }
    #expect(
      zip(result.history, result.history.dropFirst()).allSatisfy {
        ($0.epsilon ?? 0) <= ($1.epsilon ?? 0)
      })
    let ledger = try #require(try PrivacyLedger.read(folder: run.configuration.out))
    #expect(ledger.accounts.map(\.name) == ["a", "b", "c"])
    #expect(ledger.accounts.allSatisfy { $0.entries.map(\.count) == [6 * steps] })
    let json = try JSONParser.parse(Array(result.jsonText.utf8))
    #expect(json["privacy"]?["epsilon"]?.double == privacy.epsilon)
  }

  /// Whoever knows the seed of a run knows neither samples nor noise.
  @Test func theSeedTellsNothing() throws {
    let run = try Self.tiny()
    let first = try run.run(out: run.folder.path("one"))
    let second = try run.run(out: run.folder.path("two"))
    #expect(first.stateDigest != second.stateDigest)
    #expect(
      zip(first.history, second.history).allSatisfy {
        $0.clients.map(\.scalars) != $1.clients.map(\.scalars)
      })
  }

  @Test func theJournalHasWhatWasPromised() throws {
    let run = try Self.tiny()
    _ = try run.run()
    let reader = try JournalReader(path: run.configuration.out + "/run.zorba")
    let section = reader.header.configuration["differential_privacy"]
    #expect(section?["epsilon"]?.double == 4 && section?["level"]?.string == "record")
    let plain = try TinyRun()
    #expect(plain.configuration.journaled["differential_privacy"] == nil)
  }

  @Test func aResumedRunGoesOnCounting() throws {
    let run = try Self.tiny()
    let stopped = try run.run(stop: 2)
    #expect(stopped.isIncomplete && stopped.rounds == 2)
    let result = try run.run(resume: true)
    #expect(result.rounds == 6 && result.privacy?.sites.allSatisfy { $0.uses == 6 } == true)
    #expect((result.privacy?.epsilon ?? 9) <= 4)
  }

  /// Killed after a charge and before a commit, round after round: until the spare rounds are gone.
  @Test func crashesCostAndAreCountedUntilTheRunIsRefused() throws {
    let run = try Self.tiny { $0.differentialPrivacy?.spareRounds = 1 }
    _ = try run.run(stop: 2)
    func crash() throws {
      let ledger = try PrivacyLedger(folder: run.configuration.out)
      for account in ledger.state.accounts {
        var entry = try #require(account.entries.first)
        entry.count = 1
        try ledger.charge([(account.name, entry)])
      }
    }
    try crash()
    let resumed = try run.run(resume: true, stop: 1)
    #expect(resumed.rounds == 3)
    for _ in 0..<3 { try crash() }
    let error = #expect(throws: ZorBAError.self) { try run.run(resume: true) }
    #expect(error?.code == .refused)
  }

  @Test func aRunThatWouldOverspendLeavesNothing() throws {
    let run = try Self.tiny(epsilon: 0.5) { $0.differentialPrivacy?.noiseMultiplier = 1 }
    let error = #expect(throws: ZorBAError.self) { try run.run() }
    #expect(error?.code == .refused)
    #expect(!FileManager.default.fileExists(atPath: run.configuration.out + "/run.zorba"))
  }

  @Test func whatWouldLeakIsRefused() throws {
    func fault(_ change: (inout RunConfiguration) -> Void) -> String? {
      do {
        try Self.tiny { change(&$0) }.configuration.validate()
        return nil
      } catch let error as ZorBAError {
        return error.location.field.map { "\($0): \(error)" }
      } catch { return nil }
    }
    #expect(fault { _ in } == nil)
    #expect(fault { $0.method.name = .fedavg }?.contains("dense updates") == true)
    #expect(fault { $0.blocks.sensitivity = .probe }?.contains("probe") == true)
    #expect(
      fault {
        $0.blocks.plan = .lexicographic
        $0.blocks.replanEvery = 5
      }?.contains("half minibatches") == true)
    #expect(
      fault {
        $0.differentialPrivacy?.noise = .distributed
        $0.differentialPrivacy?.shares = 3
        $0.differentialPrivacy?.noiseMultiplier = 2
      }?.contains("without secure aggregation") == true)
    #expect(fault { $0.differentialPrivacy?.epsilon = 0 } != nil)
    #expect(fault { $0.differentialPrivacy?.delta = 0.5 } != nil)
    #expect(fault { $0.differentialPrivacy?.clip = .nan } != nil)
    #expect(fault { $0.differentialPrivacy?.shares = 2 } != nil)
    var options = Simulation.Options()
    options.comparesWithTrainingAlone = true
    let run = try Self.tiny()
    #expect(throws: ZorBAError.self) {
      try Simulation(run.configuration, options: options).run()
    }
  }

  /// With next to no noise and every row drawn, answers are the means of rows that nobody clips.
  @Test func theAnswerIsTheMeanOverThePublicSize() throws {
    let run = try Self.tiny(epsilon: 1000) {
      $0.batch.size = 100
      $0.differentialPrivacy?.noiseMultiplier = 30
      $0.differentialPrivacy?.clip = 1e6
      $0.rounds = 1
    }
    let prepared = try run.prepared()
    let client = prepared.clients[0]
    let steps = ClientStep(
      scorer: ExampleScorer(model: prepared.loaded.model),
      updater: WeightUpdater(
        parameters: prepared.loaded.model.trainable,
        schedule: run.configuration.method.directionSchedule(prepared.runKey),
        context: prepared.context),
      estimator: TwoSidedEstimator(perturbationScale: run.configuration.method.mu), directions: 3,
      steps: 1, learningRate: 0)
    var time = TimeLedger()
    let plain = try steps.answer(
      of: client, number: 1, round: 1, blocks: [1, 2], time: &time)
    let mechanism = try #require(prepared.privacy?.mechanisms.first)
    #expect(mechanism.sampling?.rate == 1)
    // The same with noise of a millionth of a scalar.
    let release = GaussianRelease(
      clip: 1e6, grid: try NoiseGrid(deviation: 1e-6),
      divisor: Double(client.examples.count))
    var generator = SystemRandomNumberGenerator()
    let vectors = try client.examples.map { example in
      try ExampleScorer(model: prepared.loaded.model, tokenBranchLimit: 1)
        .outcomes(
          of: [example],
          plan: PerturbationPlan(
            directions: steps.updater.schedule.directions(
              round: 1, step: 0, count: 3, client: 1),
            scale: Float(run.configuration.method.mu), active: [1, 2]))
    }.map { outcomes in
      (0..<3).map {
        (outcomes[2 * $0][0].loss - outcomes[2 * $0 + 1][0].loss)
          / (2 * run.configuration.method.mu)
      }
    }
    let mean = release.release(vectors, dimension: 3, using: &generator)
    for (ours, theirs) in zip(mean, plain.scalars[0]) {
      #expect(abs(ours - Double(theirs)) < 1e-3 * (1 + abs(Double(theirs))), "\(mean), \(plain)")
    }
    // And the step itself: sums of noise apart, it releases exactly these vectors.
    let folder = try TemporaryFolder()
    let privacy = ClientPrivacy(
      mechanism,
      meter: try PrivacyMeter(
        ledger: try PrivacyLedger(folder: folder.path), account: "x",
        terms: mechanism.terms(run: "r", total: nil), uses: 1))
    var noisy = steps
    noisy.privacy = privacy
    let answer = try noisy.answer(
      of: client, number: 1, round: 1, blocks: [1, 2], time: &time)
    #expect(answer.losses.isEmpty && answer.halves == nil)
    #expect(answer.examples == client.examples.count)
    let deviation = 30 * 1e6 / Double(client.examples.count)
    #expect(answer.scalars[0].allSatisfy { abs(Double($0)) < 8 * deviation && $0 != 0 })
    // Asked again, the same answer, and no second charge.
    let again = try noisy.answer(
      of: client, number: 1, round: 1, blocks: [1, 2], time: &time)
    #expect(again.scalars == answer.scalars && privacy.meter.count == 1)
  }

  /// Sensitivity holds only if a row's scalars do not depend on who else is drawn.
  @Test func aRowsScalarsDependOnNobodyElse() throws {
    let prepared = try Self.tiny().prepared()
    let examples = prepared.clients[0].examples
    let scorer = ExampleScorer(model: prepared.loaded.model, tokenBranchLimit: 1)
    #expect(scorer.passes(examples, branches: 6).allSatisfy { $0.count == 1 })
    let plan = PerturbationPlan(
      directions: prepared.configuration.method.directionSchedule(prepared.runKey)
        .directions(round: 1, step: 0, count: 3, client: 1), scale: 1e-2, active: [1, 2])
    let together = try scorer.outcomes(of: examples, plan: plan)
    for (place, example) in examples.enumerated() {
      let alone = try scorer.outcomes(of: [example], plan: plan)
      for branch in alone.indices {
        #expect(alone[branch][0].loss == together[branch][place].loss)
      }
    }
  }
}
