import ZorBADiagnostics

/// A committed round as it is sent: only what the receiver cannot derive from the run's configuration
/// and the plan in force.
package struct CompactCommit: Hashable, Sendable {
  /// The round, from 1.
  package var round: UInt64
  /// A bit for every client that trains in the round's matrix, in ascending number, least significant
  /// first: whether its answer counts. Empty when all of them count; otherwise as short as it can be
  /// for all, the bits left over 0.
  package var participants: [UInt8]
  /// Binary32, little endian: the coefficients of the journal's round record, block by block (client by
  /// client before that under per-client seeding), [steps, directions] each.
  package var coefficients: [UInt8]

  package init(round: UInt64, participants: [UInt8], coefficients: [UInt8]) {
    self.round = round
    self.participants = participants
    self.coefficients = coefficients
  }

  static func fault(_ round: UInt64, _ message: String) -> ZorBAError {
    ZorBAError(
      .invalidData, "the commit of round \(round) cannot be used: \(message)",
      advice: "Fetch the round from the journal.")
  }
}
