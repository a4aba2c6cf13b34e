package import ZorBAFederation
import ZorBAOptimization

/// What everyone knows of a round before anybody answers: its rate, its decay, its extents, and the
/// blocks of each client.
///
/// Coordinator and sites derive it from the configuration and the plan, so none of it is sent.
package struct RoundTerms: Sendable {
  let method: MethodConfiguration
  private let trainsOuter: Bool
  private let rates: LearningRateSchedule

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when schedule and rounds disagree.
  package init(_ configuration: RunConfiguration) throws {
    method = configuration.method
    trainsOuter = configuration.blocks.outer
    rates = try LearningRateSchedule(
      shape: method.schedule, peak: method.learningRate, rounds: UInt64(configuration.rounds),
      warmupRounds: UInt64(method.warmupRounds))
  }

  /// eta of a round, counted from 1.
  package func learningRate(round: Int) -> Double {
    rates.learningRate(round: UInt64(max(1, round)))
  }

  /// What a client trains in a round, ascending, as `TensorID` counts blocks: the outer block is 0.
  ///
  /// - Parameter client: From 0, a row of the plan.
  package func blocks(of client: Int, round: Int, plan: ActivationPlan) -> [Int] {
    let active = plan.matrix(round: round).activeBlocks(of: client).map { $0 + 1 }
    // Who rests leaves the outer block alone as well.
    return trainsOuter && !active.isEmpty ? [0] + active : active
  }

  /// What turns answers to a round into its commit.
  func aggregation(round: Int) -> Aggregation {
    Aggregation(
      round: UInt64(round), seeding: method.seeding, learningRate: learningRate(round: round),
      directions: method.directions, steps: method.localSteps, weightDecay: method.weightDecay)
  }

  /// Binary32 coefficients of one block: [steps, directions].
  var valuesPerBlock: Int { method.localSteps * method.directions }
}
