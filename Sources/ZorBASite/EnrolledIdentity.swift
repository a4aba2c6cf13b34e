import ZorBADiagnostics
import ZorBAIdentity
import ZorBASecureAggregation

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The site's enrolled key, for the signatures that other sites check.
struct EnrolledSigner: IdentitySigner {
  private let credentials: Credentials

  init(_ credentials: Credentials) { self.credentials = credentials }

  /// The certificate that the federation's authority signed itself; there are none in between.
  var certificates: [UInt8] { credentials.chain.first ?? [] }

  func sign(_ bytes: [UInt8]) throws -> [UInt8] { try credentials.signature(of: bytes) }
}

/// Knows a run's sites by their certificates: the federation's authority says who somebody is, the
/// run's header which number that site has.
///
/// A coordinator that puts in keys of its own would need certificates of the sites that it stands in
/// for.
struct FederationVerifier: IdentityVerifier {
  let anchor: TrustAnchor
  /// By number, the first one at index 0.
  let sites: [String]

  func verify(
    _ signature: [UInt8], of bytes: [UInt8], member: Int, certificates: [UInt8]
  ) throws {
    let signer = try anchor.signer(
      of: bytes, signature: signature, leaf: certificates, as: [.site], now: Date())
    guard sites.indices.contains(member), signer.name == sites[member] else {
      throw ZorBAError(
        .refused,
        "\(signer) signed in the place of site \(member + 1)"
          + (sites.indices.contains(member) ? ", '\(sites[member])'" : ""),
        advice: "Somebody passes for another site; tell the operator.")
    }
  }
}
