import Crypto
import Foundation
import SwiftASN1
import Synchronization
import X509
import ZorBADiagnostics
import ZorBAWire

/// A private authority, and the certificates of a federation's members.
struct TestAuthority: Sendable {
  let certificate: Certificate
  private let key: Certificate.PrivateKey
  private let name: DistinguishedName

  init(_ common: String = "test authority") throws {
    key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    name = try DistinguishedName { CommonName(common) }
    certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: key.publicKey,
      notValidBefore: Date.now - 3600, notValidAfter: Date.now + 86_400, issuer: name,
      subject: name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
      }, issuerPrivateKey: key)
  }

  static func der(_ certificate: Certificate) throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return serializer.serializedBytes
  }

  /// What a member shows, and how it judges others: by this authority or another.
  func security(
    _ role: PeerIdentity.Role, _ member: String = "", trusting other: TestAuthority? = nil,
    revoked: Revocations = Revocations()
  ) throws -> ConnectionSecurity {
    let leafKey = P256.Signing.PrivateKey()
    let uri = "zorba://test/\(role.rawValue)" + (member.isEmpty ? "" : "/\(member)")
    let leaf = try Certificate(
      version: .v3, serialNumber: .init(),
      publicKey: Certificate.PublicKey(leafKey.publicKey), notValidBefore: Date.now - 3600,
      notValidAfter: Date.now + 3600, issuer: name,
      subject: try DistinguishedName { CommonName(member) }, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        SubjectAlternativeNames([.uniformResourceIdentifier(uri)])
      }, issuerPrivateKey: key)
    let anchor = (other ?? self).certificate
    return ConnectionSecurity(
      chain: [try Self.der(leaf)], key: leafKey.pemRepresentation,
      authority: try Self.der(anchor),
      verifyChain: { chain in
        guard let first = chain.first, let leaf = try? Certificate(derEncoded: first) else {
          return false
        }
        return anchor.publicKey.isValidSignature(leaf.signature, for: leaf)
      },
      admit: { try Self.admit($0, revoked: revoked) })
  }

  private static func admit(_ leaf: [UInt8], revoked: Revocations) throws -> PeerIdentity {
    let certificate = try Certificate(derEncoded: leaf)
    guard
      let names = try certificate.extensions.subjectAlternativeNames,
      case .uniformResourceIdentifier(let uri)? = names.first
    else { throw ZorBAError(.refused, "the certificate names nobody") }
    let parts = uri.split(separator: "/")
    guard parts.count >= 3, let role = PeerIdentity.Role(rawValue: String(parts[2])) else {
      throw ZorBAError(.refused, "the certificate names nobody")
    }
    let name = parts.count > 3 ? String(parts[3]) : ""
    if revoked.contains(name) {
      throw ZorBAError(.refused, "the certificate of \(name) is revoked")
    }
    return PeerIdentity(
      role: role, name: name,
      notAfter: UInt64(certificate.notValidAfter.timeIntervalSince1970),
      serial: certificate.serialNumber.description)
  }
}

/// Names whose certificates count no more.
final class Revocations: Sendable {
  private let names = Mutex<Set<String>>([])

  func insert(_ name: String) { names.withLock { _ = $0.insert(name) } }

  func contains(_ name: String) -> Bool { names.withLock { $0.contains(name) } }
}
