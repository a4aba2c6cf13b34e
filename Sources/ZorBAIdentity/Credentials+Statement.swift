import Crypto
import X509
import ZorBADiagnostics

extension Credentials {
  /// Signs a statement with the identity's key: ECDSA P-256 with SHA-256, DER.
  ///
  /// The statement must begin with words that no other statement begins with, so that a signature
  /// means one thing.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when the key cannot sign.
  package func sign(statement: [UInt8]) throws -> [UInt8] {
    do {
      let key = try P256.Signing.PrivateKey(pemRepresentation: keyPEM)
      return Array(try key.signature(for: statement).derRepresentation)
    } catch {
      // The cause is left out: no part of a key goes into a log.
      throw ZorBAError(.invalidData, "the identity's key cannot sign")
    }
  }
}

extension IdentityCertificate {
  /// Whether the holder of this certificate signed a statement.
  package func signed(_ statement: [UInt8], signature: [UInt8]) -> Bool {
    guard let key = P256.Signing.PublicKey(certificate.publicKey),
      let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature)
    else { return false }
    return key.isValidSignature(signature, for: statement)
  }
}

extension TrustAnchor {
  /// Whose certificate this is, if this authority signed it; dates and revocation are not looked at,
  /// for what was signed stays signed.
  ///
  /// - Throws: `ZorBAError` with code `refused`.
  package func member(_ der: [UInt8]) throws -> IdentityCertificate { try identify(der) }
}
