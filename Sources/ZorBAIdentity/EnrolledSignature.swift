import Crypto
import X509
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

extension Credentials {
  /// Signs bytes with the enrolled key: ECDSA over P-256 and SHA-256, DER.
  ///
  /// What is signed says by its own first bytes what it is for: the same key answers TLS handshakes.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when the key cannot be used.
  package func signature(of bytes: [UInt8]) throws -> [UInt8] {
    do {
      let key = try P256.Signing.PrivateKey(pemRepresentation: keyPEM)
      return Array(try key.signature(for: bytes).derRepresentation)
    } catch {
      // The cause is left out: no part of a key goes into a log.
      throw ZorBAError(
        .invalidData, "the key of \(principal) cannot sign",
        advice: "Enrol again with 'zorba pki request'.")
    }
  }
}

extension TrustAnchor {
  /// Who signed bytes, if a member of the federation did whose certificate is valid now.
  ///
  /// Sites have no register of revoked certificates: whoever was revoked no longer reaches the
  /// coordinator, which carries all messages.
  ///
  /// - Parameters:
  ///   - signature: ECDSA over P-256 and SHA-256, DER.
  ///   - leaf: The signer's certificate, DER.
  ///   - roles: The roles that have business here.
  ///   - revocations: The register; nil where nobody has one, at sites.
  /// - Throws: `ZorBAError` with code `refused`, naming the signer where the certificate is believed.
  package func signer(
    of bytes: [UInt8], signature: [UInt8], leaf: [UInt8], as roles: Set<Principal.Role>, now: Date,
    revocations: Revocations? = nil
  ) throws -> Principal {
    let principal = try admit(leaf, as: roles, now: now, revocations: revocations)
    guard let certificate = try? IdentityCertificate.parse(leaf),
      let key = P256.Signing.PublicKey(certificate.publicKey),
      let parsed = try? P256.Signing.ECDSASignature(derRepresentation: signature),
      key.isValidSignature(parsed, for: bytes)
    else {
      throw ZorBAError(
        .refused, "this was not signed with the key of \(principal)",
        advice: "Somebody between the sites altered it; tell the operator.")
    }
    return principal
  }
}
