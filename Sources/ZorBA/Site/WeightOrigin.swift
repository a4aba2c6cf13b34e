/// Where the weights of a replica come from before it follows the journal.
package enum WeightOrigin: Sendable, Equatable {
  /// The base model, which must be what the journal's header describes.
  case base
  /// A folder of weights as of a round, which must hash to what is claimed of it.
  case snapshot(folder: String, SnapshotClaim)

  /// The round that the weights stand at.
  package var round: Int {
    switch self {
    case .base: 0
    case .snapshot(_, let claim): claim.round
    }
  }
}
