import ZorBA
import ZorBAOptimization

/// What a replica tells the run it follows.
enum ReplicaReport: Sendable {
  /// The digest that answers to a round must carry.
  case digest(round: Int, [UInt8])
  /// What the weights hash to after a round, as was asked.
  case state(round: Int, StateDigest)
  /// How the weights after a round do on the coordinator's own rows.
  case evaluated(Evaluation, round: Int)
  /// A snapshot can be handed out.
  case snapshot(round: Int, bytes: UInt64)
  /// Something the operator should know.
  case warning(String)
}
