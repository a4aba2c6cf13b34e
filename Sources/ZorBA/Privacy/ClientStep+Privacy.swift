import ZorBAData
import ZorBADiagnostics
import ZorBAModels
import ZorBAOptimization

extension ClientStep {
  /// Runs the client's part of a round under differential privacy.
  ///
  /// Only private scalars leave this function, and local steps follow them. The loss is not told, and
  /// of the examples a public number is. It is charged when it is whole and before it is returned.
  func privateAnswer(
    of client: FederationClient, privacy: ClientPrivacy, number: UInt32, round: UInt64,
    blocks: [Int], time: inout TimeLedger, isCancelled: () -> Bool
  ) throws -> Answer {
    if let scalars = try privacy.known(round: round, blocks: blocks) {
      return Answer(
        scalars: scalars, losses: [], halves: nil, examples: privacy.mechanism.statedExamples)
    }
    try privacy.require()
    let snapshot =
      steps > 1
      ? try BlockSnapshot(of: blocks, in: updater.parameters, context: updater.context) : nil
    defer { snapshot?.restore() }
    let trajectory = LocalTrajectory(
      updater: updater, round: round, client: number, blocks: blocks, learningRate: learningRate)
    var answer: [[Float]] = []
    for step in 0..<steps {
      if isCancelled() { throw CancellationError() }
      let plan = PerturbationPlan(
        directions: updater.schedule.directions(
          round: round, step: step, count: directions, client: number),
        scale: Float(estimator.perturbationScale), active: Set(blocks))
      let vectors: [[Double]] = try time.measure(\.forward) {
        try self.vectors(of: client, privacy, round: round, step: step, plan: plan)
      }
      let scalars = privacy.scalars(vectors)
      answer.append(scalars)
      if step + 1 < steps {
        try time.measure(\.update) {
          try trajectory.advance(step: step, scalars: scalars.map(Double.init))
        }
      }
    }
    try privacy.charge(round: round, blocks: blocks, scalars: answer)
    return Answer(
      scalars: answer, losses: [], halves: nil, examples: privacy.mechanism.statedExamples)
  }

  /// The vectors of the units of a step: a record's or the site's scalars under every direction.
  private func vectors(
    of client: FederationClient, _ privacy: ClientPrivacy, round: UInt64, step: Int,
    plan: PerturbationPlan
  ) throws -> [[Double]] {
    guard let places = privacy.batch() else {
      let batch = client.sampler.batch(round: Int(round) - 1, step: step).map {
        client.examples[$0]
      }
      let losses = MinibatchLosses(try scorer.outcomes(of: batch, plan: plan))
      return [losses.whole.map(estimator.scalar)]
    }
    guard !places.isEmpty else { return [] }
    // If an example's loss depended on who else was drawn, in its last digit, the others' vectors
    // would change with one record, and the sum by more than the clip.
    let scorer = ExampleScorer(
      model: scorer.model.batchInvariant, tokenBranchLimit: scorer.tokenBranchLimit)
    let outcomes = try scorer.outcomes(of: places.map { client.examples[$0] }, plan: plan)
    return places.indices.map { example in
      (0..<directions).map { direction in
        let plus = outcomes[2 * direction][example]
        let minus = outcomes[2 * direction + 1][example]
        return estimator.scalar(
          .init(plus: plus.loss / plus.weight, minus: minus.loss / minus.weight))
      }
    }
  }
}
