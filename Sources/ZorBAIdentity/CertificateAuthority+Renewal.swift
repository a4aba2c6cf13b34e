import X509
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

extension CertificateAuthority {
  /// Certificates that one principal may have at a time; more than two overlap only when something
  /// asks again and again.
  package static let mostLiveCertificates = 8

  /// Issues a fresh certificate to the holder of an unrevoked one; the key may be a new one.
  ///
  /// The caller must know that the request comes from the holder: a connection that is
  /// authenticated with the certificate, or the operator at the identity folder. The old
  /// certificate stays valid until it ends.
  ///
  /// - Parameters:
  ///   - certificate: The certificate to renew, DER.
  ///   - hosts: The coordinator's new host names; nil keeps those of the certificate.
  ///   - mayHaveExpired: Whether one that has expired will do; never so over a connection.
  /// - Throws: `ZorBAError` with code `refused` when the certificate is not ours, unknown to the
  ///   register, revoked or expired, when the request is for somebody else, or when there are too
  ///   many live certificates.
  package func renew(
    _ request: SigningRequest, of certificate: [UInt8], hosts: HostNames? = nil,
    lifetime: CertificateLifetime = .standard, mayHaveExpired: Bool = false, now: Date
  ) throws -> IssuedCertificate {
    let old = try anchor.identify(certificate)
    let principal = old.principal
    guard request.principal == principal else {
      throw ZorBAError(
        .refused, "\(principal) asks for a certificate of \(request.principal)",
        advice: "A renewal keeps the identity; for another one use 'zorba pki request'.")
    }
    try checkMembership(of: principal, hosts: hosts ?? .none)
    let register = try openRegister()
    let certificates = register.contents.certificates
    if let revocation = register.contents.revocations[old.serial] {
      throw TrustAnchor.revoked(old, revocation)
    }
    guard certificates.contains(where: { $0.entry.serial == old.serial }) else {
      throw ZorBAError(
        .refused, "the register knows no certificate of \(principal) with serial \(old.serial)",
        advice: "Restore the authority's register from a backup, or enrol again with "
          + "'zorba pki request'.")
    }
    guard mayHaveExpired || now <= old.notAfter else { throw TrustAnchor.expired(old) }
    let live = certificates.count {
      $0.entry.principal == principal && $0.status(at: now) == .live
    }
    guard live < Self.mostLiveCertificates else {
      throw ZorBAError(
        .refused, "\(principal) has \(live) valid certificates already",
        advice: "Use the last one, or revoke them with 'zorba pki revoke' and enrol again.")
    }
    let fresh = try sign(
      request.publicKey, principal: principal,
      hosts: try hosts ?? HostNames(of: old.certificate.extensions), lifetime: lifetime, now: now)
    try register.append([
      RegisterEntry(
        time: now, event: .renewed, certificate: fresh, reason: "renews serial \(old.serial)")
    ])
    return issued(fresh)
  }
}
