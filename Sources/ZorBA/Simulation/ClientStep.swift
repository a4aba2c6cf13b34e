import ZorBAData
import ZorBADiagnostics
import ZorBAFederation
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

/// What one client does in a round: evaluate its minibatches on both sides of every direction.
///
/// The weights are as they were when it returns, local steps included.
struct ClientStep {
  let scorer: ExampleScorer
  let updater: WeightUpdater
  let estimator: TwoSidedEstimator
  let directions: Int
  let steps: Int
  let learningRate: Double
  /// What makes answers private; nil where the run promises nothing.
  var privacy: ClientPrivacy?

  /// A client's answer, before anyone has judged it.
  struct Answer {
    /// [steps][directions]
    var scalars: [[Float]]
    /// The losses behind the scalars, [steps][directions].
    var losses: [[TwoSidedEstimator.Losses]]
    /// The scalars of the halves of every minibatch, step after step, direction after direction; nil
    /// when some minibatch has no halves.
    var halves: [RoundMetrics.HalfScalars]?
    var examples: Int

    /// Adds a step's halves, or forgets all of them where the step has none to show.
    fileprivate mutating func append(
      _ losses: [(first: TwoSidedEstimator.Losses, second: TwoSidedEstimator.Losses)]?,
      estimator: TwoSidedEstimator
    ) {
      let scalars = losses?.map {
        RoundMetrics.HalfScalars(
          first: Float(estimator.scalar($0.first)), second: Float(estimator.scalar($0.second)))
      }
      guard let scalars, scalars.allSatisfy({ $0.first.isFinite && $0.second.isFinite }) else {
        halves = nil
        return
      }
      halves?.append(contentsOf: scalars)
    }

    /// Mean over both sides of all directions and steps.
    var meanLoss: Double {
      let all = losses.joined()
      return all.reduce(0) { $0 + ($1.plus + $1.minus) / 2 } / Double(max(1, all.count))
    }
  }

  /// Runs the client's part of a round.
  ///
  /// - Parameters:
  ///   - client: The site.
  ///   - number: The site's number, from 1.
  ///   - round: The round, from 1.
  ///   - blocks: Active blocks as `TensorID` counts them, ascending.
  ///   - time: Where the seconds are booked.
  ///   - isCancelled: Asked before every step.
  /// - Throws: `ZorBAError` when an example does not fit the model or a local step diverges,
  ///   `CancellationError` when nobody wants the answer any more.
  func answer(
    of client: FederationClient, number: UInt32, round: UInt64, blocks: [Int],
    time: inout TimeLedger, isCancelled: () -> Bool = { false }
  ) throws -> Answer {
    if let privacy {
      return try privateAnswer(
        of: client, privacy: privacy, number: number, round: round, blocks: blocks, time: &time,
        isCancelled: isCancelled)
    }
    var answer = Answer(scalars: [], losses: [], halves: [], examples: 0)
    let snapshot =
      steps > 1
      ? try BlockSnapshot(of: blocks, in: updater.parameters, context: updater.context) : nil
    defer { snapshot?.restore() }
    let trajectory = LocalTrajectory(
      updater: updater, round: round, client: number, blocks: blocks, learningRate: learningRate)
    for step in 0..<steps {
      if isCancelled() { throw CancellationError() }
      let batch = client.sampler.batch(round: Int(round) - 1, step: step).map {
        client.examples[$0]
      }
      answer.examples += batch.count
      let plan = PerturbationPlan(
        directions: updater.schedule.directions(
          round: round, step: step, count: directions, client: number),
        scale: Float(estimator.perturbationScale), active: Set(blocks))
      let losses = try time.measure(\.forward) {
        MinibatchLosses(try scorer.outcomes(of: batch, plan: plan))
      }
      // The wire carries binary32, so the simulation rounds where a site would.
      let scalars = losses.whole.map { Float(estimator.scalar($0)) }
      answer.losses.append(losses.whole)
      answer.scalars.append(scalars)
      answer.append(losses.halves, estimator: estimator)
      if step + 1 < steps, scalars.allSatisfy(\.isFinite) {
        try time.measure(\.update) {
          try trajectory.advance(step: step, scalars: scalars.map(Double.init))
        }
      }
    }
    return answer
  }
}
