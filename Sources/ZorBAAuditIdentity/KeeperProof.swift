package import ZorBAAudit
import ZorBADiagnostics
package import ZorBAIdentity

/// What the head of a log proves of who kept it.
package enum KeeperProof: Sendable, Equatable {
  /// The named member's key vouches for the log's, and the authority that was given for the member.
  case proved(keeper: String)
  /// The certificate in the log vouches for the log's key; nobody said which authority to trust.
  case claimed(keeper: String)
  /// Nobody enrolled keeps the log.
  case anonymous
  /// The head names a keeper and does not prove it.
  case failed(String)

  /// Looks at a head.
  ///
  /// - Parameter anchor: The federation's authority; nil trusts the certificate in the log.
  package init(_ head: LogHead, anchor: TrustAnchor?) {
    guard let keeper = head.keeper else {
      self = .anonymous
      return
    }
    guard let der = head.certificates.first else {
      self = .failed("the log names \(keeper.excerpt()) and holds no certificate")
      return
    }
    do {
      self =
        keeper.hasSuffix("/authority")
        ? try Self.authority(head, keeper, der, anchor)
        : try Self.member(head, keeper, der, anchor)
    } catch {
      self = .failed((error as? ZorBAError)?.message ?? "\(error)")
    }
  }

  private static func member(
    _ head: LogHead, _ keeper: String, _ der: [UInt8], _ anchor: TrustAnchor?
  ) throws -> KeeperProof {
    let certificate = try anchor?.member(der) ?? IdentityCertificate(der: der)
    guard certificate.principal.uri == keeper else {
      return .failed(
        "the log names \(keeper.excerpt()); its certificate is that of \(certificate.principal)")
    }
    guard certificate.signed(head.statement, signature: head.certification) else {
      return .failed("\(keeper.excerpt()) did not sign the log's key")
    }
    return anchor == nil ? .claimed(keeper: keeper) : .proved(keeper: keeper)
  }

  private static func authority(
    _ head: LogHead, _ keeper: String, _ der: [UInt8], _ anchor: TrustAnchor?
  ) throws -> KeeperProof {
    let own = try anchor ?? TrustAnchor(der: der)
    guard keeper == "zorba://\(own.federation)/authority", own.der == der,
      own.signed(head.statement, signature: head.certification)
    else { return .failed("\(keeper.excerpt()) did not sign the log's key") }
    return anchor == nil ? .claimed(keeper: keeper) : .proved(keeper: keeper)
  }
}
