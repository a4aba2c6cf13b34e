import ZorBADiagnostics

#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

extension CertificateAuthority {
  /// Clocks of others may be behind: what expired within a day before is revoked too.
  private static let expiryTolerance = 86_400.0

  /// Revokes certificates for good; coordinators that read the register refuse them from then on.
  ///
  /// - Parameter subject: A name (`clinic-a`, `site/clinic-a`, or the URI), which means all its
  ///   certificates; a serial number; or a key fingerprint or its first 16 digits.
  /// - Returns: The new lines of the register.
  /// - Throws: `ZorBAError` with code `refused` when nothing fits, several principals fit, or it
  ///   was all revoked before; `invalidConfiguration` for a reason that is empty or too long.
  package func revoke(
    _ subject: String, reason: String, now: Date
  ) throws -> [RegisterEntry] {
    try RegisterEntry.check(reason: reason)
    let register = try openRegister()
    let found = try Self.find(subject, in: register.contents.certificates)
    let revocable = found.filter {
      $0.revocation == nil && now <= $0.entry.notAfter.addingTimeInterval(Self.expiryTolerance)
    }
    guard !revocable.isEmpty else { throw Self.nothingToRevoke(found) }
    let entries = revocable.map { RegisterEntry(revoking: $0.entry, time: now, reason: reason) }
    try register.append(entries)
    return entries
  }

  private static func find(
    _ subject: String, in certificates: [RegisteredCertificate]
  ) throws -> [RegisteredCertificate] {
    let named = certificates.filter {
      let principal = $0.entry.principal
      return [principal.name, "\(principal.role.rawValue)/\(principal.name)", principal.uri]
        .contains(subject)
    }
    let principals = Set(named.map(\.entry.principal))
    guard principals.count <= 1 else {
      throw ZorBAError(
        .refused, "'\(subject.excerpt())' is the name of a site and of an operator",
        advice: "Say site/\(subject.excerpt()) or operator/\(subject.excerpt()).")
    }
    if !named.isEmpty { return named }
    let digits = subject.lowercased()
    let numbered = certificates.filter { $0.entry.serial == digits }
    if !numbered.isEmpty { return numbered }
    let keyed = certificates.filter {
      (try? $0.entry.fingerprint.matches(typed: subject)) ?? false
    }
    guard !keyed.isEmpty else {
      throw ZorBAError(
        .refused, "the register knows no name, serial or fingerprint '\(subject.excerpt())'",
        advice: "See 'zorba pki list'.")
    }
    return keyed
  }

  private static func nothingToRevoke(_ found: [RegisteredCertificate]) -> ZorBAError {
    guard let last = found.last else { return ZorBAError(.refused, "there is no certificate") }
    guard let revocation = found.compactMap(\.revocation).last else {
      return ZorBAError(
        .refused,
        "the certificate of \(last.entry.principal) expired on "
          + "\(Timestamp.text(last.entry.notAfter)); there is nothing to revoke")
    }
    return ZorBAError(
      .refused,
      "\(revocation.principal) was revoked on \(Timestamp.text(revocation.time)) already "
        + "(\(revocation.reason.excerpt()))")
  }
}
