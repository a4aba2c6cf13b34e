package import ZorBAWire

/// Signs fresh certificates for identities that hold a good one.
package struct CertificateRenewal: Sendable {
  /// Signs a PKCS #10 request (DER) for the identity that asks; gives the chain, DER, its own first.
  package var sign: @Sendable (_ request: [UInt8], _ identity: PeerIdentity) throws -> [[UInt8]]

  package init(
    sign: @escaping @Sendable (_ request: [UInt8], _ identity: PeerIdentity) throws -> [[UInt8]]
  ) {
    self.sign = sign
  }

  func sign(_ request: [UInt8], for identity: PeerIdentity) throws -> [[UInt8]] {
    try sign(request, identity)
  }
}
