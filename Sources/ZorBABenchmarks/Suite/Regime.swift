/// How the data of several sites is used.
package enum Regime: String, Sendable, CaseIterable {
  /// Every site trains by itself on its own share.
  case isolated
  /// One site has all the rows.
  case centralised
  /// The sites train together without showing their rows.
  case federated
}
