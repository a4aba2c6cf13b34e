package import ZorBAFederation
package import ZorBAJournal
package import ZorBAOptimization

/// What a round of either kind commits.
package enum RoundCommit: Sendable {
  /// Coefficients of directions.
  case scalar(CommittedRound)
  /// A change of every weight of some blocks.
  case dense(DenseRound, changes: DenseDelta)
}

/// A federation in one process, whatever its method: one committed round after the other.
package protocol RoundSession: AnyObject {
  /// The last committed round.
  var lastCommitted: Int { get }
  /// Where the seconds went.
  var time: TimeLedger { get }

  /// Follows another plan from the next round on.
  func follow(_ plan: ActivationPlan)

  /// Learns what rounds before an interruption showed.
  func recall(_ metrics: [RoundMetrics])

  /// Runs the next round.
  ///
  /// - Parameter commit: Makes the round durable; the weights move only after it returns.
  /// - Throws: `ZorBAError`, and whatever `commit` throws; the weights are then as before the round.
  func advanceRound(
    commit: (RoundCommit, RoundMetrics) throws -> Void
  ) throws -> RoundMetrics
}

extension TrainingSession: RoundSession {
  package func advanceRound(
    commit: (RoundCommit, RoundMetrics) throws -> Void
  ) throws -> RoundMetrics {
    try advance { try commit(.scalar($0), $1) }
  }
}
