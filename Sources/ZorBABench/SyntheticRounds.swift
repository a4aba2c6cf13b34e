package import ZorBAOptimization
package import ZorBATensor

/// Committed rounds with coefficients so small that hundreds of thousands change no prediction.
package struct SyntheticRounds: Sendable {
  package let schedule: DirectionSchedule
  private let directions: Int
  private let blocks: [Int]

  /// Far below the weights of any model and far above nothing: every weight is computed anew.
  private static let coefficient: Float = 1e-9

  /// - Parameters:
  ///   - seed: The seed of the run key.
  ///   - distribution: Of the directions.
  ///   - directions: Directions of every round.
  ///   - blocks: The blocks that every round changes, ascending.
  package init(
    seed: UInt64, distribution: PerturbationDistribution, directions: Int, blocks: [Int]
  ) {
    schedule = DirectionSchedule(
      runKey: RunKey(seed: seed), seeding: .shared, distribution: distribution)
    self.directions = directions
    self.blocks = blocks
  }

  /// The round of a number from 1; signs alternate, so that nothing drifts.
  package func round(_ number: UInt64) throws -> CommittedRound {
    let values = (0..<directions).map { index in
      (Int(truncatingIfNeeded: number) + index) % 2 == 0 ? Self.coefficient : -Self.coefficient
    }
    return try CommittedRound(
      number: number, learningRate: Double(Self.coefficient), directions: directions,
      participants: [1],
      coefficients: .shared(blocks.map { .init(block: $0, values: values) }))
  }
}
