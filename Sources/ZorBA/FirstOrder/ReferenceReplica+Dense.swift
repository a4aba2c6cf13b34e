package import ZorBAJournal

extension ReferenceReplica {
  /// Adds a committed dense round to the weights.
  ///
  /// - Throws: As `SiteReplica.apply(_:changes:)`.
  package func apply(_ round: DenseRound, changes: [UInt8]) throws {
    try weights.apply(round, changes: changes)
  }
}
