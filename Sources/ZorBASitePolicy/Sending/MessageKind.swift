/// The messages that a site sends, by their names on the wire.
package enum MessageKind: String, Sendable, CaseIterable {
  case hello
  case ready
  case result
  /// The declaration of a dense update, and the update itself, which goes beside the stream.
  case update
  case evaluation
  case declined
  case stateDigest = "state_digest"
  case heartbeat
  case leaving
  /// A step of a secure aggregation: keys, sealed shares, masked numbers, the unmasking.
  case secureAggregation = "secure_aggregation"

  /// Whether a policy's limits on bytes hold it back. The others say that the site is there, comes,
  /// goes or declines; a site that has used up its bytes must still be able to say so.
  package var isLimited: Bool {
    switch self {
    case .ready, .result, .update, .evaluation, .stateDigest, .secureAggregation: true
    case .hello, .declined, .heartbeat, .leaving: false
    }
  }
}
