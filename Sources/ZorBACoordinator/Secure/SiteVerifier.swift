import ZorBADiagnostics
package import ZorBAIdentity
import ZorBASecureAggregation

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a coordinator knows of its federation, to weed out answers that other sites would refuse.
package struct FederationTrust: Sendable {
  package var anchor: TrustAnchor
  /// Who was revoked; nil where nobody knows.
  package var revocations: Revocations?

  package init(anchor: TrustAnchor, revocations: Revocations? = nil) {
    self.anchor = anchor
    self.revocations = revocations
  }
}

/// Checks what a run's sites sign.
///
/// Sites trust none of it and check everything themselves; here one bad signature costs one site
/// rather than the round. Without an authority the streams' own certificates say who somebody is.
struct SiteVerifier: IdentityVerifier {
  let trust: FederationTrust?
  /// By number, the first one at index 0.
  let sites: [String]

  func verify(
    _ signature: [UInt8], of bytes: [UInt8], member: Int, certificates: [UInt8]
  ) throws {
    guard let trust else { return }
    let signer = try trust.anchor.signer(
      of: bytes, signature: signature, leaf: certificates, as: [.site], now: Date(),
      revocations: trust.revocations)
    guard sites.indices.contains(member), signer.name == sites[member] else {
      throw ZorBAError(.refused, "\(signer) signed in the place of site \(member + 1)")
    }
  }
}
