import Crypto
import X509
import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The folder of a site, an operator or the coordinator with its key and certificate.
///
/// `key.pem` (mode 600) is made here and never leaves; `certificate.pem` and `authority.pem` come
/// from the operator; `request.pem` goes to them. While a renewal with a new key is under way its
/// key lies in `key.next.pem`.
package struct IdentityFolder: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  var keyPath: String { "\(path)/key.pem" }
  var nextKeyPath: String { "\(path)/key.next.pem" }
  var certificatePath: String { "\(path)/certificate.pem" }
  var authorityPath: String { "\(path)/authority.pem" }
  package var requestPath: String { "\(path)/request.pem" }

  /// Reads and checks key, certificate and authority against each other.
  ///
  /// Dates are not looked at: an expired identity can still be renewed.
  ///
  /// - Throws: `ZorBAError` with code `refused` when others may read the key, `invalidConfiguration`
  ///   when there is no certificate, `inputOutput` when another file is missing, `invalidData` when one is damaged or does not belong to the others.
  package func load() throws -> Credentials {
    guard DurableFile.exists(certificatePath) else {
      let fault = SystemFault.last
      guard [ENOENT, ENOTDIR].contains(fault.number) else {
        throw fault.error("read", certificatePath)
      }
      throw ZorBAError(
        .invalidConfiguration, "there is no certificate in this folder", at: .init(file: path),
        advice: "Ask for one with 'zorba pki request', then run 'zorba pki install'.")
    }
    let anchor = try TrustAnchor(file: authorityPath)
    let chain = try PEM.blocks(
      DurableFile.read(certificatePath), of: PEM.certificate, file: certificatePath)
    let certificate = try leaf(of: chain, under: anchor, file: certificatePath)
    let key = try key(of: certificate)
    return Credentials(
      chain: chain, keyPEM: key.pemRepresentation, anchor: anchor,
      principal: certificate.principal, notBefore: certificate.notBefore,
      notAfter: certificate.notAfter, serial: certificate.serial)
  }

  /// The first certificate of a chain, if the authority signed it.
  func leaf(
    of chain: [[UInt8]], under anchor: TrustAnchor, file: String?
  ) throws -> IdentityCertificate {
    do {
      return try anchor.identify(chain.first ?? [])
    } catch let error as ZorBAError {
      throw ZorBAError(
        .invalidData, error.message, at: .init(file: file), advice: error.advice, cause: error.cause
      )
    }
  }

  /// The private key that belongs to a certificate: the present one or that of a renewal.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when neither does.
  func key(of certificate: IdentityCertificate) throws -> P256.Signing.PrivateKey {
    let key = try IdentityKey.load(keyPath)
    if Certificate.PublicKey(key.publicKey) == certificate.certificate.publicKey { return key }
    if DurableFile.exists(nextKeyPath) {
      let next = try IdentityKey.load(nextKeyPath)
      if Certificate.PublicKey(next.publicKey) == certificate.certificate.publicKey { return next }
    }
    throw ZorBAError(
      .invalidData,
      "the certificate of \(certificate.principal) is for the key "
        + "\(certificate.fingerprint.grouped), not for this one, "
        + (try Fingerprint(Certificate.PublicKey(key.publicKey))).grouped,
      at: .init(file: keyPath),
      advice: "Install the certificate that was issued for this folder's request.")
  }
}
