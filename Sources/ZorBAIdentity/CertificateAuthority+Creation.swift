import Crypto
import SwiftASN1
import X509
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

extension CertificateAuthority {
  /// Makes an authority: `authority.key` (mode 600), `authority.pem` and an empty register, in a
  /// folder of mode 700.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` for a federation's name that is none,
  ///   `refused` when the folder holds an authority already, `inputOutput` when it cannot be written.
  package static func create(
    folder: String, federation: String, now: Date
  ) throws -> CertificateAuthority {
    try Principal.check(federation, as: "federation")
    let key = P256.Signing.PrivateKey()
    let der = try rootCertificate(key, federation: federation, now: now)
    let anchor = try TrustAnchor(der: der)
    try DurableFile.makePrivateFolder(folder)
    let files = [keyPath(folder), certificatePath(folder), registerPath(folder)]
    if let file = files.first(where: DurableFile.exists) {
      throw ZorBAError(
        .refused, "the folder holds an authority, or part of one, already", at: .init(file: file),
        advice: "Choose another folder: a new key would cut off every member of the federation.")
    }
    try IdentityKey.write(key, to: keyPath(folder))
    try Register.create(registerPath(folder))
    try DurableFile.write(
      Array(anchor.pem.utf8), to: certificatePath(folder), mode: DurableFile.publicMode,
      replacing: false)
    return CertificateAuthority(folder: folder, anchor: anchor, key: key)
  }

  private static func rootCertificate(
    _ key: P256.Signing.PrivateKey, federation: String, now: Date
  ) throws -> [UInt8] {
    let name = try DistinguishedName {
      OrganizationName(federation)
      CommonName("ZorBA federation authority")
    }
    let publicKey = Certificate.PublicKey(key.publicKey)
    let identifier = try Fingerprint(publicKey).keyIdentifier[...]
    let names = SubjectAlternativeNames([
      .uniformResourceIdentifier(Principal.scheme + federation)
    ])
    let extensions = try Certificate.Extensions {
      // No authorities below this one.
      Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
      Critical(KeyUsage(keyCertSign: true, cRLSign: true))
      names
      SubjectKeyIdentifier(keyIdentifier: identifier)
      AuthorityKeyIdentifier(keyIdentifier: identifier)
    }
    let start = Timestamp.wholeSeconds(now)
    let certificate = try Certificate(
      version: .v3, serialNumber: randomSerial(), publicKey: publicKey,
      notValidBefore: start.addingTimeInterval(-clockTolerance),
      notValidAfter: start.addingTimeInterval(Double(years) * 365.25 * 86_400),
      issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
      issuerPrivateKey: Certificate.PrivateKey(key))
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return serializer.serializedBytes
  }
}
