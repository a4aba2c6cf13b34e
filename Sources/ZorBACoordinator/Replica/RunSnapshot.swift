package import ZorBA

/// A folder of a run's weights as of a round, ready to be handed out.
package struct RunSnapshot: Sendable {
  package let claim: SnapshotClaim
  /// Its files with their digests, taken once.
  package let library: ModelLibrary

  package var round: Int { claim.round }
  package var folder: String { library.folder }
  /// Bytes of all files.
  package var bytes: UInt64 { library.files.reduce(0) { $0 + $1.bytes } }
}
