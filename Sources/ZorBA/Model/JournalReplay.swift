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
    var pending: [CommittedRound] = []
    var endsInDigest = false
    var plans: [PlanRecord] = []
    while reader.lastRound < limit, let entry = try reader.next() {
      switch entry.record {
      case .round(let round):
        if round.number > limit { break }
        endsInDigest = false
        pending.append(round)
        // Rounds are fused, yet memory stays bounded.
        if pending.count == 1024 {
          try updater.apply(pending)
          pending = []
        }
      case .digest(let checkpoint):
        try updater.apply(pending)
        pending = []
        try verify(checkpoint, model: model, path: path)
        endsInDigest = checkpoint.state(blockCount: model.configuration.blockCount) != nil
      case .plan(let plan): plans.append(plan)
      default: break
      }
    }
    try updater.apply(pending)
    if let last, reader.lastRound < UInt64(last) {
      throw ZorBAError(
        .invalidJournal, "ends at round \(reader.lastRound); round \(last) was asked for",
        at: .init(file: path), advice: "Ask for a round that was committed.")
    }
    return Outcome(
      round: Int(clamping: min(reader.lastRound, limit)), header: reader.header,
      plans: plans, endsInDigest: endsInDigest)
  }

  /// Checks that the weights are those that the run had when it took a digest.
  private static func verify(
    _ checkpoint: DigestCheckpoint, model: LoadedModel, path: String
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
