import ZorBAAudit
package import ZorBAIdentity

/// A member of a federation as the keeper of an audit log.
package struct IdentityKeeper: LogKeeper {
  private let credentials: Credentials

  package init(_ credentials: Credentials) { self.credentials = credentials }

  package var principal: String { credentials.principal.uri }
  package var certificates: [[UInt8]] { Array(credentials.chain.prefix(1)) }

  package func sign(_ statement: [UInt8]) throws -> [UInt8] {
    try credentials.sign(statement: statement)
  }
}

/// An authority as the keeper of the log of what it issued and revoked.
package struct AuthorityKeeper: LogKeeper {
  private let authority: CertificateAuthority

  package init(_ authority: CertificateAuthority) { self.authority = authority }

  package var principal: String { "zorba://\(authority.federation)/authority" }
  package var certificates: [[UInt8]] { [authority.anchor.der] }

  package func sign(_ statement: [UInt8]) throws -> [UInt8] {
    try authority.sign(statement: statement)
  }
}
