#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

/// What a connection needs to show who it is, read from an identity folder.
package struct Credentials: Sendable {
  /// The certificates to present, DER, one's own first.
  package let chain: [[UInt8]]
  /// PKCS #8, PEM. Secret.
  package let keyPEM: String
  package let anchor: TrustAnchor
  package let principal: Principal
  package let notBefore: Date
  package let notAfter: Date
  /// Lower-case hexadecimal.
  package let serial: String

  package var authorityDER: [UInt8] { anchor.der }

  /// Whether two thirds of the certificate's life are over.
  ///
  /// The last third is for trying again while a coordinator is away.
  package func needsRenewal(now: Date) -> Bool {
    let life = notAfter.timeIntervalSince(notBefore)
    return now.timeIntervalSince(notBefore) >= life * 2 / 3
  }
}
