import Crypto
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What two members derive from an X25519 agreement (RFC 7748), by HKDF-SHA256 (RFC 5869).
///
/// The information string of every derivation binds the session, the roster and who the two are, so
/// members that were shown different rosters share no key.
enum KeyAgreement {
  /// The private key of 32 bytes.
  static func key(_ secret: SecretBytes) throws -> Curve25519.KeyAgreement.PrivateKey {
    try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: secret)
  }

  /// The secret shared with a public key.
  ///
  /// - Throws: ``ZorBAError`` with code `refused` for a key of small order: all agreements with it
  ///   come out as zero (RFC 7748, section 6.1), and swift-crypto does not check.
  static func agree(
    _ key: Curve25519.KeyAgreement.PrivateKey, with publicKey: [UInt8], of member: Int
  ) throws -> SharedSecret {
    let secret = try key.sharedSecretFromKeyAgreement(
      with: Curve25519.KeyAgreement.PublicKey(rawRepresentation: publicKey))
    let sum = secret.withUnsafeBytes { $0.reduce(0, |) }
    guard sum != 0 else {
      throw ZorBAError(
        .refused, "member \(member) shows a key that makes every agreement zero",
        advice: "No key made at random is one of these; leave the member out and ask its operator.")
    }
    return secret
  }

  /// Whether a public key agrees on anything but zero.
  static func check(_ publicKey: [UInt8], of member: Int) throws {
    // Any private key tells: multiples of 8 take points of small order to zero.
    let probe = try Curve25519.KeyAgreement.PrivateKey(
      rawRepresentation: [UInt8](repeating: 1, count: 32))
    _ = try agree(probe, with: publicKey, of: member)
  }

  /// The key that seals what `sender` has for `recipient`.
  static func channelKey(
    _ secret: SharedSecret, _ transcript: Transcript, from sender: Int, to recipient: Int
  ) -> SymmetricKey {
    derive(
      secret,
      Labels.channel.bytes(
        transcript.session.identifier, transcript.roster, sender.labelled, recipient.labelled))
  }

  /// The mask of two members; the lower one adds it and the higher one takes it away.
  static func pairMask(
    _ secret: SharedSecret, _ transcript: Transcript, between one: Int, and other: Int
  ) -> Keystream {
    Keystream(
      key: derive(
        secret,
        Labels.pairMask.bytes(
          transcript.session.identifier, transcript.roster, min(one, other).labelled,
          max(one, other).labelled)))
  }

  /// The mask of one member over its own vector.
  static func selfMask(
    _ seed: SecretBytes, _ transcript: Transcript, of member: Int
  ) -> Keystream {
    Keystream(
      key: HKDF<SHA256>.deriveKey(
        inputKeyMaterial: SymmetricKey(data: seed),
        info: Labels.selfMask.bytes(
          transcript.session.identifier, transcript.roster, member.labelled),
        outputByteCount: 32))
  }

  private static func derive(_ secret: SharedSecret, _ info: [UInt8]) -> SymmetricKey {
    secret.hkdfDerivedSymmetricKey(
      using: SHA256.self, salt: [UInt8](), sharedInfo: info, outputByteCount: 32)
  }
}
