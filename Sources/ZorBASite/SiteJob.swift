import ZorBA
import ZorBAFederation
import ZorBAWire

/// A piece of arithmetic or file work for the site's worker, done in the order given.
enum SiteJob: Sendable {
  /// Say where the copy of the journal ends, for a Hello.
  case introduce
  /// Say at which round the copy of the journal ends, at the start.
  case open
  /// The run and the site's number in it are known.
  case join(run: String, number: Int, header: [UInt8])
  case putJournalAside
  /// Say from which byte on the journal must be fetched.
  case beginFetch
  case fetched([UInt8], at: Int)
  case endFetch
  /// Make the weights from the base model or a snapshot and the copy of the journal.
  case rebuild(WeightOrigin)
  /// Bring the weights to the end of the copy of the journal.
  case replay
  /// Say that the weights stand at a round; with what the coordinator needs to know once a stream.
  case ready(round: Int, tellsAll: Bool)
  case append(Zorba_V1_JournalRecord)
  case apply(Zorba_V1_Commit)
  /// Say from which byte on a dense round must be fetched.
  case beginCommit(Zorba_V1_Commit)
  case fetchedCommit([UInt8], at: Int, Zorba_V1_Commit)
  /// All of a dense round was fetched: check it, and apply it.
  case endCommit(Zorba_V1_Commit)
  /// Say what a round asks of the site.
  case outline(RoundCoordinator.Ticket, group: [UInt8])
  case compute(RoundCoordinator.Ticket, digestBlock: Int?)
  case evaluate(round: UInt64, test: Bool, minimum: Int, segments: Bool)
  case digests(round: Int)
  /// Say the digest of the finished weights.
  case conclude
}
