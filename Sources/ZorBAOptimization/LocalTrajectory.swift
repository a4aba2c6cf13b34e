import ZorBADiagnostics
import ZorBATensor

/// A client's own steps between two commits (H > 1): its active blocks move, then go back.
///
/// Step h applies w <- fma over p of kappa_hp = -(eta / P) c_hp to the client's active blocks, with
/// the arithmetic of a commit, rounding included, under the rounding seed of (round, h, client)
/// (`DirectionSchedule.localRoundingSeed`). The caller takes a `BlockSnapshot` before the first step
/// and restores it before the commit: only the scalars leave a trajectory.
package struct LocalTrajectory: Sendable {
  package let updater: WeightUpdater
  package let round: UInt64
  package let client: UInt32
  /// The client's active blocks.
  package let blocks: [Int]
  package let learningRate: Double

  package init(
    updater: WeightUpdater, round: UInt64, client: UInt32, blocks: [Int], learningRate: Double
  ) {
    self.updater = updater
    self.round = round
    self.client = client
    self.blocks = blocks
    self.learningRate = learningRate
  }

  /// Moves the active blocks by the scalars of one step, counted from 0. [directions]
  ///
  /// - Throws: `ZorBAError` with code `diverged` when a scalar is not finite or a weight can no
  ///   longer be stored; restore the snapshot then.
  package func advance(step: Int, scalars: [Double]) throws {
    let schedule = updater.schedule
    let terms = try scalars.enumerated().map { index, scalar in
      let coefficient = CommittedRound.coefficient(
        learningRate: learningRate, directions: scalars.count, scalar: scalar)
      guard coefficient.isFinite else {
        throw ZorBAError(
          .diverged,
          "round \(round), local step \(step), direction \(index): the scalar is \(scalar)",
          advice: "Lower the learning rate or the number of local steps.")
      }
      return SeededRound.Term(
        direction: schedule.direction(round: round, step: step, index: index, client: client),
        coefficient: coefficient)
    }
    let active = Set(blocks)
    try updater.sweep([
      SeededRound(
        number: round,
        roundingSeed: schedule.localRoundingSeed(round: round, step: step, client: client),
        decay: 1,
        terms: updater.parameters.blocks.indices.map { active.contains($0) ? terms : [] })
    ])
  }
}
