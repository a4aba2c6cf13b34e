import Crypto
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// An Ed25519 key that stands for an enrolled site where a whole federation runs in one process.
package struct InProcessIdentity: IdentitySigner {
  private let key: Curve25519.Signing.PrivateKey

  /// A new key.
  package init() { key = Curve25519.Signing.PrivateKey() }

  /// None: whoever verifies has the key.
  package var certificates: [UInt8] { [] }

  /// An Ed25519 signature (RFC 8032).
  package func sign(_ bytes: [UInt8]) throws -> [UInt8] { Array(try key.signature(for: bytes)) }

  fileprivate var publicKey: Curve25519.Signing.PublicKey { key.publicKey }
}

/// The table of such keys: simulations and measurements have no authority to ask.
package struct InProcessIdentities: IdentityVerifier {
  private let identities: [Int: InProcessIdentity]

  /// A new key for each member.
  package init(members: [Int]) {
    identities = Dictionary(members.map { ($0, InProcessIdentity()) }) { first, _ in first }
  }

  /// The identity of a member.
  ///
  /// - Throws: ``ZorBAError`` with code `refused` for a number that is not in the table.
  package func signer(of member: Int) throws -> InProcessIdentity {
    guard let identity = identities[member] else { throw Self.stranger(member) }
    return identity
  }

  /// Verifies with the key of the member in the table.
  package func verify(
    _ signature: [UInt8], of bytes: [UInt8], member: Int, certificates: [UInt8]
  ) throws {
    guard let identity = identities[member] else { throw Self.stranger(member) }
    guard identity.publicKey.isValidSignature(signature, for: bytes) else {
      throw ZorBAError(
        .refused, "it is not a signature of member \(member)'s key",
        advice: "Another key made it, or what was signed was changed.")
    }
  }

  private static func stranger(_ member: Int) -> ZorBAError {
    ZorBAError(
      .refused, "member \(member) has no identity here",
      advice: "Make identities for every member of the cohort.")
  }
}
