package import ZorBATensor

/// Which direction is explored when, by whom: the seeds of a whole run.
///
/// Rounds are numbered from 1 (round 0 is the base model), steps and directions from 0, clients
/// from 1 (0 stands for all of them, in `shared` mode).
///
/// Seeds of stochastic rounding use step 0xFFFFFFFF, which no local step has, so that they never
/// meet the seed of a direction:
///
///     committed round   step 0xFFFFFFFF, direction 0,     client 0
///     local step h      step 0xFFFFFFFF, direction h + 1, client k   (thrown away with the step)
package struct DirectionSchedule: Hashable, Sendable {
  package let runKey: RunKey
  package let seeding: SeedingMode
  package let distribution: PerturbationDistribution
  /// Directions to draw from (FedKSeed); nil gives every step directions of its own.
  package let pool: SeedPool?

  private static let roundingStep = UInt32.max

  package init(
    runKey: RunKey, seeding: SeedingMode, distribution: PerturbationDistribution,
    pool: SeedPool? = nil
  ) {
    self.runKey = runKey
    self.seeding = seeding
    self.distribution = distribution
    self.pool = pool
  }

  /// Direction `index` of a step, as `client` explores it; `shared` mode ignores the client.
  package func direction(round: UInt64, step: Int, index: Int, client: UInt32) -> Direction {
    let explorer: UInt32 = seeding == .shared ? 0 : client
    precondition(seeding == .shared || client > 0, "clients are numbered from 1")
    let seed = runKey.seed(
      round: round, step: UInt32(step), direction: UInt32(index), client: explorer)
    return Direction(
      seed: pool.map { $0.seed($0.place(drawn: seed), runKey: runKey) } ?? seed,
      distribution: distribution)
  }

  /// The directions 0 ..< count of a step.
  package func directions(round: UInt64, step: Int, count: Int, client: UInt32) -> [Direction] {
    (0..<count).map { direction(round: round, step: step, index: $0, client: client) }
  }

  /// The key of the rounding bits of a committed round.
  package func roundingSeed(round: UInt64) -> UInt64 {
    runKey.seed(round: round, step: Self.roundingStep, direction: 0, client: 0)
  }

  /// The key of the rounding bits of one client's local step.
  package func localRoundingSeed(round: UInt64, step: Int, client: UInt32) -> UInt64 {
    runKey.seed(
      round: round, step: Self.roundingStep, direction: UInt32(step) + 1, client: client)
  }
}
