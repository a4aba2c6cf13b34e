package import ZorBAIdentity

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ConnectionSecurity {
  /// The security of a member of a federation.
  ///
  /// - Parameters:
  ///   - credentials: The own key and certificate, and the authority's.
  ///   - roles: Whom this side talks to.
  ///   - revocations: The register; nil at sites, which have none.
  package init(
    of credentials: Credentials, admits roles: Set<Principal.Role>,
    revocations: Revocations? = nil
  ) {
    let anchor = credentials.anchor
    self.init(
      chain: credentials.chain, key: credentials.keyPEM, authority: credentials.authorityDER,
      verifyChain: { anchor.chainsToAuthority($0) },
      admit: { leaf in
        let principal = try anchor.admit(leaf, as: roles, now: Date(), revocations: revocations)
        let certificate = try IdentityCertificate(der: leaf)
        return PeerIdentity(
          role: PeerIdentity.Role(principal.role), name: principal.name,
          notAfter: UInt64(max(0, certificate.notAfter.timeIntervalSince1970)),
          serial: certificate.serial)
      })
  }
}

extension PeerIdentity.Role {
  fileprivate init(_ role: Principal.Role) {
    switch role {
    case .coordinator: self = .coordinator
    case .site: self = .site
    case .operator: self = .operator
    }
  }
}
