import ZorBADiagnostics
package import ZorBAJSON
package import ZorBAOptimization

/// What a journal's rounds are relative to: the base model, the seeds and the configuration.
///
/// There is no date and no host name in it, so equal runs make equal journals.
package struct JournalHeader: Sendable {
  /// Key, seeding mode and distribution: with the base model and the rounds, the whole model.
  package let schedule: DirectionSchedule
  /// The base model's digests, by block.
  package let base: StateDigest
  package let model: ModelFingerprint
  /// The resolved run configuration, kept for people and for resuming.
  package let configuration: JSONValue

  /// The version of the replicated arithmetic (numerics spec).
  package static let numericsVersion = 1

  package init(
    schedule: DirectionSchedule, base: StateDigest, model: ModelFingerprint,
    configuration: JSONValue
  ) {
    precondition(base.blocks.count == model.blocks.count)
    self.schedule = schedule
    self.base = base
    self.model = model
    self.configuration = configuration
  }

  /// Checks that a base model is the one this journal was made with, by its digests.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` naming the first block that differs.
  package func verify(base found: StateDigest) throws {
    guard found != base else { return }
    let block = zip(base.blocks, found.blocks).enumerated().first { $1.0 != $1.1 }?.offset
    let place = block.map { "block \($0) differs" } ?? "it has another number of blocks"
    throw ZorBAError(
      .invalidJournal,
      "the journal belongs to base model \(base.state), this one is \(found.state); \(place)",
      advice: "Use the checkpoint that the run started from, unchanged.")
  }
}

extension JournalHeader: Equatable {
  /// Values parsed from text remember lines, so headers are compared as text.
  package static func == (left: JournalHeader, right: JournalHeader) -> Bool {
    left.encoded == right.encoded
  }
}
