/// What one side shows to the other, and how it judges what the other shows.
///
/// A chain that does not lead to the authority ends the TLS handshake. Everything else about a
/// certificate (validity, usage, identity, revocation) is judged right after it, by `admit`, so that
/// the refused side hears a sentence instead of an alert.
package struct ConnectionSecurity: Sendable {
  /// The own certificate and those up to the authority, DER, own first.
  package var chain: [[UInt8]]
  /// The own private key, PEM.
  package var key: String
  /// The authority's certificate, DER.
  package var authority: [UInt8]
  /// Whether a chain (DER, leaf first) leads to the authority. Called on an event loop; must not
  /// block.
  package var verifyChain: @Sendable (_ chain: [[UInt8]]) -> Bool
  /// The identity of a leaf certificate (DER) that may be used now; throws the reason if it may not.
  package var admit: @Sendable (_ leaf: [UInt8]) throws -> PeerIdentity

  /// Creates the security of a side.
  package init(
    chain: [[UInt8]], key: String, authority: [UInt8],
    verifyChain: @escaping @Sendable (_ chain: [[UInt8]]) -> Bool,
    admit: @escaping @Sendable (_ leaf: [UInt8]) throws -> PeerIdentity
  ) {
    self.chain = chain
    self.key = key
    self.authority = authority
    self.verifyChain = verifyChain
    self.admit = admit
  }
}
