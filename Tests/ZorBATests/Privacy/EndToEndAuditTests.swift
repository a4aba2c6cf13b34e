import Foundation
import Testing
import ZorBAData
import ZorBAModels
import ZorBAOptimization
import ZorBAPrivacy

@testable import ZorBA

/// Membership inference against what a site really sends: is one row among its rows or not?
@Suite struct EndToEndAuditTests {
  /// The attacker knows the model, the directions and the row, and adds up how far every answer points
  /// along the scalars that the row alone would give.
  @Test(arguments: [nil, 1.0, 4.0] as [Double?])
  func membershipOfOneRow(_ sigma: Double?) throws {
    let (rounds, trials, delta) = (2, 800, 1e-5)
    let run = try TinyRun {
      $0.method.directions = 4
      $0.rounds = rounds
      $0.batch.size = 100
      if let sigma {
        $0.differentialPrivacy = DifferentialPrivacyConfiguration(epsilon: 1000)
        $0.differentialPrivacy?.noiseMultiplier = sigma
        // Short of most rows' vectors, so that the canary's is as long as any can be.
        $0.differentialPrivacy?.clip = 0.05
      }
    }
    let prepared = try run.prepared()
    let member = prepared.clients[0]
    let others = FederationClient(
      name: member.name, examples: Array(member.examples.dropLast()), sampler: member.sampler,
      weight: 1)
    let canary = FederationClient(
      name: "canary", examples: Array(member.examples.suffix(1)), sampler: member.sampler,
      weight: 1)
    var step = ClientStep(
      scorer: ExampleScorer(model: prepared.loaded.model, tokenBranchLimit: 1),
      updater: WeightUpdater(
        parameters: prepared.loaded.model.trainable,
        schedule: run.configuration.method.directionSchedule(prepared.runKey),
        context: prepared.context),
      estimator: TwoSidedEstimator(perturbationScale: run.configuration.method.mu),
      directions: 4, steps: 1, learningRate: 0)
    let folder = try TemporaryFolder()
    let ledger = try PrivacyLedger(folder: folder.path, synchronize: { _ in 0 })
    // Both worlds have the same public numbers: those of the site with the row.
    let mechanism = prepared.privacy?.mechanisms.first
    var time = TimeLedger()
    func answer(_ client: FederationClient, round: Int) throws -> [Double] {
      try step.answer(
        of: client, number: 1, round: UInt64(round), blocks: [1, 2], time: &time
      ).scalars[0].map(Double.init)
    }
    // What the row alone gives, of length 1.
    let directions = try (1...rounds).map { round -> [Double] in
      let single = FederationClient(
        name: "one", examples: canary.examples,
        sampler: .init(exampleCount: 1, batchSize: 1, seed: 1), weight: 1)
      let vector = try answer(single, round: round)
      let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return vector.map { $0 / length }
    }
    // The ledger is not what is tested, and so many trials would overspend any.
    let meter = try mechanism.map { mechanism in
      var terms = mechanism.terms(run: "trials", total: nil)
      terms.epsilon = .infinity
      return try PrivacyMeter(ledger: ledger, account: "a", terms: terms, uses: 4 * trials)
    }
    func score(_ client: FederationClient, _ random: inout SystemRandomNumberGenerator) throws
      -> Double
    {
      if let mechanism, let meter {
        step.privacy = ClientPrivacy(
          mechanism.with(examples: client.examples.count), meter: meter)
      }
      var sum = 0.0
      for round in 1...rounds {
        let released: [Double]
        if mechanism == nil {
          // Without the promise the batch is no secret: it is derived from the run's seed.
          let whole = FederationClient(
            name: client.name, examples: client.examples,
            sampler: .init(
              exampleCount: client.examples.count, batchSize: 100, seed: random.next()),
            weight: 1)
          released = try answer(whole, round: round)
        } else {
          released = try answer(client, round: round)
        }
        sum += zip(released, directions[round - 1]).reduce(0) { $0 + $1.0 * $1.1 }
      }
      return sum
    }
    var random = SystemRandomNumberGenerator()
    let present = try (0..<trials).map { _ in try score(member, &random) }
    let absent = try (0..<trials).map { _ in try score(others, &random) }
    let audit = EmpiricalAudit(present: present, absent: absent, delta: delta, error: 1e-3)
    guard let mechanism else {
      // Nothing hides the row: two worlds, two numbers.
      #expect(audit.accuracy == 1 && audit.epsilon > 2.5, "\(audit)")
      print("membership without noise: \(audit.accuracy), epsilon at least \(audit.epsilon)")
      return
    }
    let bound = PrivacyLossAccountant()
      .upperEpsilon(of: [PrivacyEvent(mechanism.mechanism, count: rounds)], delta: delta)
    #expect(audit.epsilon <= bound, "\(audit.epsilon) of \(bound)")
    #expect(audit.accuracy < 0.9)
    if sigma == 1 { #expect(audit.epsilon > 0.1, "\(audit)") }
    print(
      "membership at sigma \(mechanism.mechanism.noiseMultiplier): \(audit.accuracy), epsilon "
        + "\(audit.epsilon) <= \(bound)")
  }
}

extension ClientMechanism {
  /// The same mechanism over other rows: q and the divisor are what they were.
  fileprivate func with(examples: Int) -> ClientMechanism {
    var mechanism = self
    mechanism.sampling = sampling?.over(exampleCount: examples)
    return mechanism
  }
}
