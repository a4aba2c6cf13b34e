import Crypto
import X509
import ZorBADiagnostics

extension CertificateAuthority {
  /// Signs a statement with the authority's key, as `Credentials.sign` does with a member's.
  package func sign(statement: [UInt8]) throws -> [UInt8] {
    do {
      return Array(try key.signature(for: statement).derRepresentation)
    } catch {
      throw ZorBAError(.invalidData, "the authority's key cannot sign")
    }
  }
}

extension TrustAnchor {
  /// Whether this authority itself signed a statement.
  package func signed(_ statement: [UInt8], signature: [UInt8]) -> Bool {
    guard let key = P256.Signing.PublicKey(certificate.publicKey),
      let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature)
    else { return false }
    return key.isValidSignature(signature, for: statement)
  }
}
