import ZorBA
import ZorBADiagnostics
import ZorBAJournal
import ZorBAOptimization
import ZorBATensor

/// What the replica's thread holds and does: weights that follow the journal from station to station.
///
/// A station is a round at which something is due: an evaluation, a snapshot, the end of what is
/// durable. In between rounds are fused into one pass over the weights.
final class ReplicaWork {
  private let blueprint: RunBlueprint
  private let options: ReplicaOptions
  private let journal: String
  private let shelf: SnapshotShelf
  private var evaluated: Set<Int>

  private var replica: ReferenceReplica?
  /// The journal's chain value where the weights stand; nil at the base model.
  private var chain: Digest128?
  private var reader: JournalReader?
  /// The history of the run that the weights are of.
  private(set) var history = 0
  private var isShelfOpen = false
  /// The round of a snapshot that could not be written; it is not tried again.
  private var refusedSnapshot = 0
  /// The round after which a digest was told last.
  private var told = -1

  /// Rounds fused at most.
  private static let batch = 1024

  /// - Parameter evaluated: Rounds whose evaluation is known.
  init(
    _ blueprint: RunBlueprint, journal: String, shelf: SnapshotShelf, options: ReplicaOptions,
    evaluated: Set<Int>
  ) {
    self.blueprint = blueprint
    self.journal = journal
    self.shelf = shelf
    self.options = options
    self.evaluated = evaluated
  }

  /// What the thread shares with the run.
  struct Surroundings: Sendable {
    var feed: @Sendable (_ change: (inout ReplicaFeed) -> Void) -> Void
    /// Hears of what was found, and in which history of the run.
    var report: @Sendable (ReplicaReport, _ history: Int) -> Void

    func read<Value>(_ value: (inout ReplicaFeed) -> Value) -> Value? {
      var result: Value?
      feed { result = value(&$0) }
      return result
    }
  }

  /// Does what is next; false when there is nothing to do.
  ///
  /// - Throws: `ZorBAError` when the replica cannot go on.
  func advance(_ surroundings: Surroundings) throws -> Bool {
    guard let feed = surroundings.read({ $0 }) else { return false }
    if feed.history != history {
      history = feed.history
      (replica, reader, chain, refusedSnapshot, told) = (nil, nil, nil, 0, -1)
      evaluated = evaluated.filter { $0 <= feed.reach }
    }
    guard let replica else {
      try load(reach: feed.reach, surroundings)
      return true
    }
    try stand(replica, feed, surroundings)
    let last = replica.lastRound
    let limit = min(station(after: last, reach: feed.reach), last + Self.batch)
    guard limit > last else { return false }
    let steps = try next(after: last, upTo: limit, surroundings)
    // Weights that stand between rounds must not be used again.
    self.replica = nil
    try Self.apply(steps, to: replica)
    self.replica = replica
    chain = steps.last?.chain
    return true
  }

  /// Starts from the newest snapshot that is good, else from the base model.
  private func load(reach: Int, _ surroundings: Surroundings) throws {
    if !isShelfOpen {
      for warning in try shelf.open(journalAt: journal, reach: reach) {
        surroundings.report(.warning(warning), history)
      }
      isShelfOpen = true
    }
    let context = try ComputeContext(
      precision: blueprint.configuration.compute, threads: options.threads)
    while let snapshot = shelf.newest(atOrBefore: reach) {
      do {
        replica = try ReferenceReplica(
          header: blueprint.header, configuration: blueprint.configuration,
          origin: .snapshot(folder: snapshot.folder, snapshot.claim), context: context)
        chain = snapshot.claim.chain
        return
      } catch {
        shelf.discard(snapshot.round)
        surroundings.report(
          .warning(
            "the snapshot of round \(snapshot.round) is not used: "
              + "\(error)"), history)
      }
    }
    replica = try ReferenceReplica(
      header: blueprint.header, configuration: blueprint.configuration, context: context)
    chain = nil
  }

  // MARK: - Stations

  /// Does what is due at the round that the weights stand at.
  private func stand(
    _ replica: ReferenceReplica, _ feed: ReplicaFeed, _ surroundings: Surroundings
  ) throws {
    let round = replica.lastRound
    if round == feed.reach, let block = blueprint.digestBlock(round: round + 1), told != round {
      told = round
      surroundings.report(
        .digest(
          round: round + 1,
          try replica.digests(ofBlocks: [block]).flatMap { $0.bytes.prefix(8) }), history)
    }
    if feed.stateWanted == round {
      surroundings.feed { $0.stateWanted = nil }
      surroundings.report(.state(round: round, replica.stateDigest), history)
    }
    if isEvaluationDue(round), evaluated.insert(round).inserted,
      let evaluation = try replica.evaluate()
    {
      surroundings.report(.evaluated(evaluation, round: round), history)
    }
    if isSnapshotDue(round, reach: feed.reach), let chain {
      snapshot(replica, chain, surroundings)
    }
  }

  /// The next round to stop at.
  private func station(after round: Int, reach: Int) -> Int {
    var station = reach
    let every = blueprint.configuration.evaluate.every
    if every > 0 { station = min(station, (round / every + 1) * every) }
    if round < blueprint.configuration.rounds {
      station = min(station, blueprint.configuration.rounds)
    }
    if options.snapshotEvery > 0 {
      let newest = reach / options.snapshotEvery * options.snapshotEvery
      if newest > round { station = min(station, newest) }
    }
    return station
  }

  private func isEvaluationDue(_ round: Int) -> Bool {
    let configuration = blueprint.configuration
    if evaluated.contains(round) { return false }
    if round == 0 || round == configuration.rounds { return true }
    let every = configuration.evaluate.every
    return every > 0 && round.isMultiple(of: every)
  }

  /// While rounds are caught up with, only the last snapshot is worth its time.
  private func isSnapshotDue(_ round: Int, reach: Int) -> Bool {
    let every = options.snapshotEvery
    guard every > 0, round > 0, round.isMultiple(of: every), round + every > reach,
      refusedSnapshot != round
    else { return false }
    return (shelf.newest(atOrBefore: .max)?.round ?? 0) < round
  }

  /// A disk that is full costs the snapshot and nothing else.
  private func snapshot(
    _ replica: ReferenceReplica, _ chain: Digest128, _ surroundings: Surroundings
  ) {
    let round = replica.lastRound
    do {
      let (snapshot, warnings) = try shelf.add(round: round) { [history] in
        surroundings.read { $0.history } == history
      } write: {
        try replica.writeSnapshot(to: $0, chain: chain)
      }
      for warning in warnings { surroundings.report(.warning(warning), history) }
      if let snapshot {
        surroundings.report(.snapshot(round: round, bytes: snapshot.bytes), history)
      } else {
        refusedSnapshot = round
      }
    } catch {
      refusedSnapshot = round
      surroundings.report(
        .warning("there is no snapshot of round \(round): \(error)"), history)
    }
  }

  // MARK: - Rounds

  /// The rounds that follow, from what the run told or else from its journal.
  private func next(
    after last: Int, upTo limit: Int, _ surroundings: Surroundings
  ) throws -> [ReplicaFeed.Step] {
    let told = surroundings.read { $0.take(after: last, upTo: limit) } ?? []
    if !told.isEmpty {
      reader = nil
      return told
    }
    if let reader {
      let steps = try Self.steps(of: reader, after: last, upTo: limit)
      if !steps.isEmpty { return steps }
    }
    // A reader sees what was there when it opened the file.
    let fresh = try JournalReader(path: journal)
    reader = fresh
    let steps = try Self.steps(of: fresh, after: last, upTo: limit)
    guard !steps.isEmpty else {
      throw ZorBAError(
        .invalidJournal, "has no round \(last + 1)", at: .init(file: journal),
        advice: "It was changed while the coordinator ran.")
    }
    return steps
  }

  /// Applies rounds in their order; those of scalars that follow one another are fused.
  private static func apply(_ steps: [ReplicaFeed.Step], to replica: ReferenceReplica) throws {
    var pending: [CommittedRound] = []
    for step in steps {
      switch step.change {
      case .scalar(let round): pending.append(round)
      case .dense(let round, let changes):
        try replica.apply(pending)
        pending = []
        try replica.apply(round, changes: changes)
      }
    }
    try replica.apply(pending)
  }

  private static func steps(
    of reader: JournalReader, after last: Int, upTo limit: Int
  ) throws -> [ReplicaFeed.Step] {
    var steps: [ReplicaFeed.Step] = []
    var dense: (round: DenseRound, changes: [UInt8])?
    while reader.lastRound < UInt64(limit), let entry = try reader.next() {
      switch entry.record {
      case .round(let round) where round.number > UInt64(last):
        steps.append(ReplicaFeed.Step(change: .scalar(round), chain: entry.chain))
      case .dense(let round) where round.number > UInt64(last): dense = (round, [])
      case .denseChunk(let chunk):
        dense?.changes.append(contentsOf: chunk.bytes)
        guard reader.lastRound == chunk.round, let whole = dense else { continue }
        dense = nil
        // One dense round at a time is enough to hold in memory.
        return steps + [
          .init(change: .dense(whole.round, changes: whole.changes), chain: entry.chain)
        ]
      default: break
      }
    }
    return steps
  }
}
