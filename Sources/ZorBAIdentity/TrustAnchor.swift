import SwiftASN1
import X509
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The root certificate of a federation, and what follows from trusting it and nothing else.
package struct TrustAnchor: Sendable {
  package let der: [UInt8]
  package let federation: String
  /// Of the authority's public key; sites compare it when they install their first certificate.
  package let fingerprint: Fingerprint

  let certificate: Certificate

  /// - Throws: `ZorBAError` with code `invalidData` when it is no root certificate of a federation.
  package init(der: [UInt8], file: String? = nil) throws {
    func fault(_ message: String) -> ZorBAError {
      ZorBAError(
        .invalidData, message, at: .init(file: file),
        advice: "Ask the operator for the federation's authority.pem.")
    }
    let certificate: Certificate
    do {
      certificate = try IdentityCertificate.parse(der)
    } catch let error as ZorBAError { throw fault(error.message) }
    guard case .isCertificateAuthority? = try? certificate.extensions.basicConstraints,
      let usage = try? certificate.extensions.keyUsage, usage.keyCertSign
    else { throw fault("this certificate is not that of an authority") }
    guard certificate.publicKey.isValidSignature(certificate.signature, for: certificate),
      certificate.issuer == certificate.subject
    else { throw fault("the authority's certificate is not signed by itself") }
    guard let uri = try? SubjectURI.only(of: certificate.extensions),
      uri.hasPrefix(Principal.scheme),
      Principal.isName(uri.dropFirst(Principal.scheme.count))
    else { throw fault("the authority's certificate names no federation") }
    self.der = der
    self.certificate = certificate
    federation = String(uri.dropFirst(Principal.scheme.count))
    fingerprint = try Fingerprint(certificate.publicKey)
  }

  /// The authority in a PEM file.
  package init(file: String) throws {
    let blocks = try PEM.blocks(DurableFile.read(file), of: PEM.certificate, file: file)
    guard let der = blocks.first, blocks.count == 1 else {
      throw ZorBAError(
        .invalidData, "the file holds \(blocks.count) certificates, not the authority's alone",
        at: .init(file: file))
    }
    try self.init(der: der, file: file)
  }

  package var pem: String { PEM.text(PEM.certificate, der) }

  /// Whether the first certificate was signed by this authority itself; for the handshake.
  ///
  /// Nothing else is looked at: not the dates, not whose it is. There are no authorities in
  /// between, so what follows in the chain does not matter. Never throws, never traps.
  package func chainsToAuthority(_ chain: [[UInt8]]) -> Bool {
    guard let leaf = chain.first, let certificate = try? IdentityCertificate.parse(leaf) else {
      return false
    }
    return isSigned(certificate)
  }

  func isSigned(_ certificate: Certificate) -> Bool {
    certificate.issuer == self.certificate.subject
      && self.certificate.publicKey.isValidSignature(certificate.signature, for: certificate)
  }

  /// - Throws: `ZorBAError` with code `refused` when the authority itself is not valid now.
  func checkValidity(now: Date) throws {
    let (start, end) = (certificate.notValidBefore, certificate.notValidAfter)
    guard now < start || now > end else { return }
    throw ZorBAError(
      .refused,
      "the authority of federation '\(federation)' is valid from \(Timestamp.text(start)) to "
        + "\(Timestamp.text(end)), and now is \(Timestamp.text(now))",
      advice: now < start
        ? "Set this machine's clock." : "Make a new authority with 'zorba pki init'.")
  }
}
