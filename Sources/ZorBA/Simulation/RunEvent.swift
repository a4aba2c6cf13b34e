/// What a run tells whoever watches it.
public enum RunEvent: Sendable {
  /// Facts about the run, before the first round: titles and texts to show as they are.
  case prepared(summary: String)
  /// Part of a probe of the blocks' sensitivities is done.
  case probing(done: Int, total: Int)
  /// The run goes on from a journal.
  case resumed(round: Int)
  /// A round was committed.
  case committed(RoundMetrics, rounds: Int)
  /// An evaluation was made after a round; 0 is the base model.
  case evaluated(Evaluation, round: Int)
  /// A site that trains alone, for comparison, finished a round.
  case trainedAlone(client: String, round: Int, rounds: Int, loss: Double)
  /// Part of a longer evaluation is done.
  case evaluating(done: Int, total: Int)
  /// Something the operator should know.
  case warning(String)
}
