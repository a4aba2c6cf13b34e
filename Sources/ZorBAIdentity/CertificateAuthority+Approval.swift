import ZorBADiagnostics

#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

extension CertificateAuthority {
  /// Makes the holder of a request a member.
  ///
  /// - Parameters:
  ///   - fingerprint: What the operator typed after asking the site: the request's key fingerprint
  ///     or its first 16 digits.
  ///   - hosts: Host names and addresses, for the coordinator only.
  ///   - isReplacement: Whether certificates that the same principal has are revoked.
  /// - Throws: `ZorBAError` with code `refused` when the fingerprint differs, the request is for
  ///   another federation, or the principal has a certificate already; the register is then
  ///   unchanged.
  package func approve(
    _ request: SigningRequest, fingerprint: String, hosts: HostNames = .none,
    lifetime: CertificateLifetime = .standard, isReplacement: Bool = false, now: Date
  ) throws -> IssuedCertificate {
    guard try request.fingerprint.matches(typed: fingerprint) else {
      throw ZorBAError(
        .refused,
        "the fingerprint of \(request.principal)'s request is \(request.fingerprint.grouped), "
          + "not the \(try Fingerprint.digits(typed: fingerprint)) that was typed",
        advice: "Ask the site over another channel what 'zorba pki request' printed there; if it "
          + "printed something else, this request is not theirs.")
    }
    return try enrol(
      request, hosts: hosts, lifetime: lifetime, isReplacement: isReplacement, now: now)
  }

  /// Request, approval and installation in one step, where one person holds both sides: the
  /// coordinator beside its authority, demonstrations and tests.
  ///
  /// - Throws: `ZorBAError` as `IdentityFolder.makeRequest`, `approve` and `install` do.
  @discardableResult
  package func provision(
    folder: String, principal: Principal, hosts: HostNames = .none,
    lifetime: CertificateLifetime = .standard, isReplacement: Bool = false, now: Date
  ) throws -> IdentityFolder {
    let identity = IdentityFolder(folder)
    let request = try identity.makeRequest(for: principal)
    let issued = try enrol(
      request, hosts: hosts, lifetime: lifetime, isReplacement: isReplacement, now: now)
    try identity.install(issued.chain)
    return identity
  }

  private func enrol(
    _ request: SigningRequest, hosts: HostNames, lifetime: CertificateLifetime,
    isReplacement: Bool, now: Date
  ) throws -> IssuedCertificate {
    let principal = request.principal
    try checkMembership(of: principal, hosts: hosts)
    let register = try openRegister()
    let live = register.contents.certificates.filter {
      $0.entry.principal == principal && $0.status(at: now) == .live
    }
    if let latest = live.last, !isReplacement {
      throw ZorBAError(
        .refused,
        "\(principal) has a certificate already, serial \(latest.entry.serial), valid until "
          + Timestamp.text(latest.entry.notAfter),
        advice: "Renew it with 'zorba pki renew', or approve again with --replace, which revokes "
          + "the old one.")
    }
    let certificate = try sign(
      request.publicKey, principal: principal, hosts: hosts, lifetime: lifetime, now: now)
    let replaced = live.map {
      RegisterEntry(
        revoking: $0.entry, time: now, reason: "replaced by serial \(certificate.serial)")
    }
    let entry = RegisterEntry(time: now, event: .issued, certificate: certificate, reason: "")
    try register.append(replaced + [entry])
    return issued(certificate)
  }

  func checkMembership(of principal: Principal, hosts: HostNames) throws {
    guard principal.federation == federation else {
      throw ZorBAError(
        .refused,
        "the request is for \(principal), but this authority is that of federation "
          + "'\(federation)'",
        advice: "Make the request with --federation \(federation), or use the other authority.")
    }
    guard hosts.isEmpty || principal.role == .coordinator else {
      throw ZorBAError(
        .invalidConfiguration, "host names belong to a coordinator, not to \(principal)",
        advice: "Leave out --dns and --ip.")
    }
  }
}
