import SwiftASN1
import X509
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

extension TrustAnchor {
  /// Decides whether the holder of a certificate is let in, right after the handshake.
  ///
  /// - Parameters:
  ///   - leaf: The peer's certificate, DER.
  ///   - roles: The roles that have business here.
  ///   - revocations: The register; nil where nobody has one, at sites.
  /// - Returns: Who the peer is.
  /// - Throws: `ZorBAError` with code `refused` whose message names the peer and what is wrong and
  ///   may be shown to it; paths are only in the location and the cause.
  package func admit(
    _ leaf: [UInt8], as roles: Set<Principal.Role>, now: Date, revocations: Revocations?
  ) throws -> Principal {
    let peer = try identify(leaf)
    let principal = peer.principal
    try checkValidity(now: now)
    guard now >= peer.notBefore else {
      throw ZorBAError(
        .refused,
        "the certificate of \(principal) is not valid before \(Timestamp.text(peer.notBefore)), "
          + "and now is \(Timestamp.text(now))",
        advice: "Set the clocks of both machines.")
    }
    guard now <= peer.notAfter else { throw Self.expired(peer) }
    guard roles.contains(principal.role) else {
      let wanted = roles.map { $0 == .operator ? "an operator" : "a \($0.rawValue)" }
        .sorted().joined(separator: " or ")
      throw ZorBAError(
        .refused, "\(principal) comes where only a certificate of \(wanted) is accepted",
        advice: "Use the identity folder of \(wanted).")
    }
    try Self.checkUsage(of: peer)
    if let revocations {
      if let revocation = try revocations.revocation(of: peer) {
        throw Self.revoked(peer, revocation)
      }
    }
    return principal
  }

  /// Whose certificate it is, if this authority signed it as that of a member.
  ///
  /// - Throws: `ZorBAError` with code `refused`.
  func identify(_ der: [UInt8]) throws -> IdentityCertificate {
    let certificate: Certificate
    do {
      certificate = try IdentityCertificate.parse(der)
    } catch let error as ZorBAError {
      throw ZorBAError(
        .refused, "the peer's certificate cannot be read: \(error.message)", cause: error.cause)
    }
    // Nothing of it is believed, or parsed any further, before the signature is.
    guard isSigned(certificate) else {
      throw ZorBAError(
        .refused,
        "the certificate with serial \(Hexadecimal.text(certificate.serialNumber.bytes.prefix(20))) "
          + "was not issued by the authority of federation '\(federation)'",
        advice: "Enrol with 'zorba pki request', or install this federation's authority.pem.")
    }
    let peer: IdentityCertificate
    do {
      peer = try IdentityCertificate(certificate, der: der)
    } catch let error as ZorBAError {
      throw ZorBAError(
        .refused, "the peer's certificate is of no use here: \(error.message)",
        advice: "Enrol with 'zorba pki request'.", cause: error.cause)
    }
    guard peer.principal.federation == federation else {
      throw ZorBAError(
        .refused, "\(peer.principal) comes to federation '\(federation)'",
        advice: "Enrol in federation '\(federation)', or connect to your own coordinator.")
    }
    return peer
  }

  private static func checkUsage(of peer: IdentityCertificate) throws {
    func fault(_ message: String) -> ZorBAError {
      ZorBAError(
        .refused, "the certificate of \(peer.principal) \(message)",
        advice: "Enrol again with 'zorba pki request'.")
    }
    let extensions = peer.certificate.extensions
    let constraints: BasicConstraints?
    let usage: KeyUsage?
    let purposes: ExtendedKeyUsage?
    do {
      constraints = try extensions.basicConstraints
      usage = try extensions.keyUsage
      purposes = try extensions.extendedKeyUsage
    } catch { throw fault("has extensions that cannot be read") }
    if case .isCertificateAuthority? = constraints {
      throw fault("is that of an authority (CA:TRUE), which no member may have")
    }
    guard let usage, usage.digitalSignature, !usage.keyCertSign else {
      throw fault("is not meant for signatures alone (keyUsage digitalSignature)")
    }
    let isServer = peer.principal.role == .coordinator
    guard let purposes, purposes.contains(isServer ? .serverAuth : .clientAuth) else {
      throw fault(
        isServer
          ? "is not meant for servers (extendedKeyUsage serverAuth)"
          : "is not meant for clients (extendedKeyUsage clientAuth)")
    }
    if let unknown = extensions.first(where: { $0.critical && !understood.contains($0.oid) }) {
      throw fault("has a critical extension \(unknown.oid) that nobody here understands")
    }
  }

  private static let understood: Set<ASN1ObjectIdentifier> = [
    .X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage,
    .X509ExtensionID.extendedKeyUsage, .X509ExtensionID.subjectAlternativeName,
  ]

  static func expired(_ peer: IdentityCertificate) -> ZorBAError {
    ZorBAError(
      .refused,
      "the certificate of \(peer.principal) expired on \(Timestamp.text(peer.notAfter))",
      advice: "Renew it: run 'zorba pki renew' beside the authority.")
  }

  static func revoked(_ peer: IdentityCertificate, _ entry: RegisterEntry) -> ZorBAError {
    let reason = entry.reason.isEmpty ? "" : ": \(entry.reason.excerpt())"
    return ZorBAError(
      .refused,
      "the certificate of \(peer.principal) was revoked on \(Timestamp.text(entry.time))\(reason)",
      advice: "Ask an operator why; then enrol again with a new key: 'zorba pki request'.")
  }
}
