import ZorBADiagnostics
import ZorBAJSON
package import ZorBAJournal
import ZorBAModels
import ZorBAOptimization

/// Turns a base model and a journal into the fine-tuned model, bit for bit.
package enum JournalReplay {
  /// Where a replay ended.
  package struct Outcome: Sendable {
    /// The last round applied.
    package var round: Int
    /// The journal's header.
    package var header: JournalHeader
    /// The plans up to there, in the journal's order.
    package var plans: [PlanRecord]
    /// Whether a digest of every block followed the last round applied.
    package var endsInDigest: Bool
  }

  /// Applies a journal's rounds to a freshly loaded base model.
  ///
  /// - Parameters:
  ///   - path: The journal.
  ///   - model: The base model; its weights are changed.
  ///   - last: The round to stop after; nil for all.
  /// - Throws: `ZorBAError` with code `invalidJournal` when the journal is damaged, belongs to
  ///   another base model, ends before `last`, or its digests disagree with the weights.
  package static func apply(
    journal path: String, to model: LoadedModel, upTo last: Int? = nil
  ) throws -> Outcome {
    let reader = try JournalReader(path: path)
    try verify(reader.header, model: model, path: path)
    let updater = WeightUpdater(
      parameters: model.model.parameters, schedule: reader.header.schedule,
      context: model.context)
    let limit = last.map { UInt64(max(0, $0)) } ?? .max
    let tail = try replay(
      reader, after: 0, upTo: limit, apply: updater.apply,
      dense: DenseReplay(adding: model.model.trainable)
    ) {
      try verify($0, model: model, path: path)
    }
    if let last, reader.lastRound < UInt64(last) {
      throw ZorBAError(
        .invalidJournal, "ends at round \(reader.lastRound); round \(last) was asked for",
        at: .init(file: path), advice: "Ask for a round that was committed.")
    }
    return Outcome(
      round: Int(clamping: min(reader.lastRound, limit)), header: reader.header,
      plans: tail.plans, endsInDigest: tail.blocksInLastDigest == model.configuration.blockCount)
  }

  /// What else a journal told while its rounds were replayed.
  struct Tail {
    /// The plans, in the journal's order.
    var plans: [PlanRecord] = []
    /// Blocks in the digest after the last round; 0 without one.
    var blocksInLastDigest = 0
  }

  /// Hands on a journal's rounds, many at once so that they are fused, yet not so many that memory is
  /// not bounded, and its digests between them.
  ///
  /// - Parameters:
  ///   - first: The last round that the weights have already; digests up to there are left out.
  ///   - limit: The round to stop after.
  ///   - dense: Takes dense rounds, chunk by chunk as they are read.
  static func replay(
    _ reader: JournalReader, after first: UInt64, upTo limit: UInt64 = .max,
    apply: ([CommittedRound]) throws -> Void, dense: DenseReplay,
    verify: (DigestCheckpoint) throws -> Void
  ) throws -> Tail {
    var pending: [CommittedRound] = []
    var tail = Tail()
    var update: DenseUpdate?
    while reader.lastRound < limit, let entry = try reader.next() {
      switch entry.record {
      case .dense(let round):
        if round.number > limit { break }
        tail.blocksInLastDigest = 0
        guard round.number > first else { continue }
        try apply(pending)
        pending = []
        update = try dense.begin(round)
      case .denseChunk(let chunk):
        try chunk.bytes.withUnsafeBytes { try update?.feed($0) }
        guard reader.lastRound == chunk.round else { continue }
        if let update {
          try update.finish()
          dense.end(chunk.round)
        }
        update = nil
      case .round(let round):
        if round.number > limit { break }
        tail.blocksInLastDigest = 0
        guard round.number > first else { continue }
        pending.append(round)
        if pending.count == 1024 {
          try apply(pending)
          pending = []
        }
      case .digest(let checkpoint):
        guard checkpoint.round >= first else { continue }
        try apply(pending)
        pending = []
        try verify(checkpoint)
        tail.blocksInLastDigest = checkpoint.entries.count
      case .plan(let plan): tail.plans.append(plan)
      default: break
      }
    }
    try apply(pending)
    return tail
  }

  /// Checks that the weights are those that the run had when it took a digest.
  static func verify(
    _ checkpoint: DigestCheckpoint, model: LoadedModel, path: String?
  ) throws {
    let digests = StateDigest.digests(
      ofBlocks: checkpoint.entries.map(\.block), of: model.model.parameters,
      context: model.context)
    for (entry, digest) in zip(checkpoint.entries, digests) where entry.digest != digest {
      throw ZorBAError(
        .invalidJournal,
        "after round \(checkpoint.round) block \(entry.block) has the digest \(digest); the run "
          + "had \(entry.digest)", at: .init(file: path),
        advice: "The journal was written by a faulty replica, or this machine computes wrongly.")
    }
  }

  /// Checks that a journal's header fits a freshly loaded base model.
  package static func verify(
    _ header: JournalHeader, model: LoadedModel, path: String
  ) throws {
    do {
      try header.model.verify(
        family: model.configuration.family.rawValue, parameters: model.model.parameters)
      try header.verify(
        base: StateDigest(of: model.model.parameters, context: model.context))
    } catch var error as ZorBAError {
      error.code = .invalidJournal
      error.location.file = error.location.file ?? path
      throw error
    }
  }

  /// The precision a journal's rounds were rounded to.
  package static func precision(of header: JournalHeader) -> WeightPrecision {
    WeightPrecision(
      rawValue: header.configuration["precision"]?["weights"]?.string ?? "") ?? .asCheckpoint
  }
}
