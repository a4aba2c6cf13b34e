import SwiftASN1
import X509
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

/// A certificate that says who its holder is, taken apart but not yet trusted.
package struct IdentityCertificate: Sendable {
  package let der: [UInt8]
  package let principal: Principal
  /// Lower-case hexadecimal digits, two a byte.
  package let serial: String
  package let notBefore: Date
  package let notAfter: Date
  /// Of the holder's public key.
  package let fingerprint: Fingerprint

  let certificate: Certificate

  /// The most bytes of a certificate that are looked at; ours have about 600.
  static let limit = 16 * 1024

  /// Takes a certificate apart.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when it is damaged or names no principal.
  package init(der: [UInt8]) throws {
    let certificate = try Self.parse(der)
    try self.init(certificate, der: der)
  }

  init(_ certificate: Certificate, der: [UInt8]) throws {
    self.der = der
    self.certificate = certificate
    principal = try Principal(uri: SubjectURI.only(of: certificate.extensions))
    serial = Hexadecimal.text(certificate.serialNumber.bytes)
    notBefore = certificate.notValidBefore
    notAfter = certificate.notValidAfter
    fingerprint = try Fingerprint(certificate.publicKey)
  }

  /// - Throws: `ZorBAError` with code `invalidData`.
  static func parse(_ der: [UInt8]) throws -> Certificate {
    guard der.count <= limit else {
      throw ZorBAError(
        .invalidData, "a certificate of \(der.count) bytes is larger than \(limit) bytes")
    }
    do {
      return try Certificate(derEncoded: der)
    } catch {
      throw ZorBAError(.invalidData, "this is no X.509 certificate", cause: error)
    }
  }

  package var pem: String { PEM.text(PEM.certificate, der) }
}
