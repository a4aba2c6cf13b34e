import Crypto
import ZorBADiagnostics

/// A member's public keys for one session, and the signature that makes them its own.
struct Advertisement: Sendable, Hashable {
  /// Seals and opens shares.
  var channelKey: [UInt8]
  /// Agrees on masks.
  var maskKey: [UInt8]
  /// SHA-256 over the seed of the self mask: what is recovered later can be checked.
  var seedCommitment: [UInt8]
  var signature: [UInt8]
  var certificates: [UInt8]

  /// The bytes that are signed.
  func statement(of member: Int, in session: SecureSession) -> [UInt8] {
    Labels.keys.bytes(
      session.identifier, member.labelled, channelKey, maskKey, seedCommitment)
  }

  /// What stands for this member in the roster's digest.
  func entry(of member: Int, in session: SecureSession) -> [UInt8] {
    Labels.digest(.entry, statement(of: member, in: session))
  }

  /// The commitment to a seed.
  static func commitment(
    to seed: SecretBytes, of member: Int, in session: SecureSession
  ) -> [UInt8] {
    var hash = SHA256()
    hash.update(data: Labels.seed.bytes(session.identifier, member.labelled))
    seed.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return Array(hash.finalize())
  }

  func write(to writer: inout MessageWriter) {
    writer.append(fixed: channelKey)
    writer.append(fixed: maskKey)
    writer.append(fixed: seedCommitment)
    writer.append(counted: signature)
    writer.append(counted: certificates)
  }

  static func read(_ reader: inout MessageReader) throws -> Self {
    Self(
      channelKey: Array(try reader.fixed(32)), maskKey: Array(try reader.fixed(32)),
      seedCommitment: Array(try reader.fixed(32)),
      signature: try reader.counted(atMost: SecureSession.largestSignature, "a signature"),
      certificates: try reader.counted(
        atMost: SecureSession.largestCertificates, "certificates"))
  }
}
