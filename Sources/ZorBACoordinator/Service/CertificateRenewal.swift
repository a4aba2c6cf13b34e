import ZorBADiagnostics
import ZorBAIdentity
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Signs fresh certificates for identities that hold a good one, over the connection that it proved
/// itself on.
package struct CertificateRenewal: Sendable {
  private let authority: CertificateAuthority

  /// - Parameter folder: The authority's folder, with its key.
  /// - Throws: `ZorBAError` when it cannot be used.
  package init(authority folder: String) throws {
    authority = try CertificateAuthority.open(folder: folder)
  }

  /// The chain of the fresh certificate, DER, its own first.
  ///
  /// - Parameters:
  ///   - request: PKCS #10, DER.
  ///   - peer: Who asks.
  /// - Throws: `ZorBAError` with code `refused`.
  func sign(_ request: [UInt8], for peer: WirePeer) throws -> [[UInt8]] {
    guard let certificate = peer.leaf else {
      throw ZorBAError(.refused, "the connection shows no certificate")
    }
    return try authority.renew(SigningRequest(der: request), of: certificate, now: Date()).chain
  }
}
