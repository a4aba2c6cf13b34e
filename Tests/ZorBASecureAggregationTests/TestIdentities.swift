import Crypto
import ZorBADiagnostics
import ZorBASecureAggregation

/// Signatures that cost microseconds: a keyed hash under a key of the member that only the table and
/// the member know. The protocol cannot tell; thousands of sessions would take hours with real ones.
struct TestIdentities: IdentityVerifier {
  let seed: UInt64

  func tag(of bytes: [UInt8], by member: Int) -> [UInt8] {
    let key = SymmetricKey(data: Array("\(seed) \(member)".utf8))
    return Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key))
  }

  func verify(
    _ signature: [UInt8], of bytes: [UInt8], member: Int, certificates: [UInt8]
  ) throws {
    guard signature == tag(of: bytes, by: member), certificates == [UInt8(member % 256), 7] else {
      throw ZorBAError(.refused, "it was not made by member \(member)")
    }
  }
}

/// One member's end of it, with certificates that say whose they are.
struct TestSigner: IdentitySigner {
  let identities: TestIdentities
  let member: Int

  init(_ identities: TestIdentities, _ member: Int) {
    self.identities = identities
    self.member = member
  }

  var certificates: [UInt8] { [UInt8(member % 256), 7] }

  func sign(_ bytes: [UInt8]) -> [UInt8] { identities.tag(of: bytes, by: member) }
}
