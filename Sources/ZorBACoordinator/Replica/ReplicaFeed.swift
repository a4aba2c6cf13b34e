import ZorBAJournal
import ZorBAOptimization

/// What a replica has to do, as the run left it: values that the run's actor and the replica's thread
/// share.
struct ReplicaFeed {
  /// A committed round and the journal's chain value after it.
  struct Step: Sendable {
    enum Change: Sendable {
      case scalar(CommittedRound)
      case dense(DenseRound, changes: [UInt8])
    }

    var change: Change
    var chain: Digest128

    var number: UInt64 {
      switch change {
      case .scalar(let round): round.number
      case .dense(let round, _): round.number
      }
    }

    var byteCount: Int {
      if case .dense(_, let changes) = change { changes.count } else { 0 }
    }
  }

  /// Counts the histories of the run: what is of an earlier one does not count.
  private(set) var history = 0
  /// The last round that is durable.
  private(set) var reach: Int
  /// The round whose weights' digests are asked for.
  var stateWanted: Int?

  /// The newest rounds, one after the other up to `reach`. A replica that is further behind reads the
  /// journal.
  private var steps: [Step] = []
  private static let capacity = 4096
  /// Bytes of dense rounds that are kept at hand.
  private static let byteCapacity = 1 << 28

  init(reach: Int) { self.reach = reach }

  /// A round is durable.
  mutating func committed(_ step: Step) {
    let bytes = steps.reduce(step.byteCount) { $0 + $1.byteCount }
    if steps.count == Self.capacity || bytes > Self.byteCapacity { steps = [] }
    if step.byteCount <= Self.byteCapacity { steps.append(step) }
    reach = Int(clamping: step.number)
  }

  /// The journal ends earlier now, or holds other rounds.
  mutating func rolledBack(to round: Int) {
    history += 1
    reach = round
    steps = []
    stateWanted = nil
  }

  /// The rounds that follow one, up to another; none when they are not here.
  mutating func take(after last: Int, upTo limit: Int) -> [Step] {
    steps.removeAll { $0.number <= UInt64(last) }
    guard let first = steps.first, first.number == UInt64(last) + 1 else { return [] }
    let taken = steps.prefix { $0.number <= UInt64(limit) }
    steps.removeFirst(taken.count)
    return Array(taken)
  }
}
