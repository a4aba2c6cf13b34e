import Crypto
import SwiftASN1
import X509
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension CertificateAuthority {
  /// Seconds by which clocks of members may be behind ours.
  static let clockTolerance = 300.0

  /// 20 random bytes, 158 random bits: positive and of full length, as RFC 5280 wants it.
  static func randomSerial() -> Certificate.SerialNumber {
    var bytes = (0..<20).map { _ in UInt8.random(in: 0...255) }
    bytes[0] = bytes[0] & 0x3F | 0x40
    return Certificate.SerialNumber(bytes: bytes)
  }

  /// Makes and signs a certificate; the register does not know of it yet.
  ///
  /// It never outlives the authority.
  ///
  /// - Throws: `ZorBAError` with code `refused` when the authority itself has expired.
  func sign(
    _ publicKey: Certificate.PublicKey, principal: Principal, hosts: HostNames,
    lifetime: CertificateLifetime, now: Date
  ) throws -> IdentityCertificate {
    try anchor.checkValidity(now: now)
    let start = Timestamp.wholeSeconds(now)
    let end = min(
      start.addingTimeInterval(Double(lifetime.seconds)), anchor.certificate.notValidAfter)
    let names = SubjectAlternativeNames(
      [.uniformResourceIdentifier(principal.uri)] + hosts.generalNames)
    let usage: ExtendedKeyUsage.Usage =
      principal.role == .coordinator ? .serverAuth : .clientAuth
    let extensions = try Certificate.Extensions {
      Critical(BasicConstraints.notCertificateAuthority)
      Critical(KeyUsage(digitalSignature: true))
      try ExtendedKeyUsage([usage])
      names
      SubjectKeyIdentifier(keyIdentifier: try Fingerprint(publicKey).keyIdentifier[...])
      AuthorityKeyIdentifier(keyIdentifier: anchor.fingerprint.keyIdentifier[...])
    }
    let certificate = try Certificate(
      version: .v3, serialNumber: Self.randomSerial(), publicKey: publicKey,
      notValidBefore: start.addingTimeInterval(-Self.clockTolerance), notValidAfter: end,
      issuer: anchor.certificate.subject, subject: principal.subject,
      signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
      issuerPrivateKey: Certificate.PrivateKey(key))
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return try IdentityCertificate(der: serializer.serializedBytes)
  }

  func issued(_ certificate: IdentityCertificate) -> IssuedCertificate {
    IssuedCertificate(certificate: certificate, authorityDER: anchor.der)
  }
}

/// What the authority hands out: a certificate, and the authority's own for a first installation.
package struct IssuedCertificate: Sendable {
  package let certificate: IdentityCertificate
  package let authorityDER: [UInt8]

  /// The certificate, then the authority's, as DER.
  package var chain: [[UInt8]] { [certificate.der, authorityDER] }

  /// The same in PEM, for `zorba pki install`.
  package var pem: String { chain.map { PEM.text(PEM.certificate, $0) }.joined() }

  /// Writes the PEM file, whole or not at all.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package func write(to path: String) throws {
    try DurableFile.write(Array(pem.utf8), to: path, mode: DurableFile.publicMode)
  }
}
