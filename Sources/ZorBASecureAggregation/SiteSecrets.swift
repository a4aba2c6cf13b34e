import Crypto

/// Everything of a session that a site must not keep.
///
/// One object, so that letting go of it erases all of it: ``SecretBytes`` overwrite themselves, and so
/// do swift-crypto's keys.
final class SiteSecrets {
  /// The private keys' 32 bytes each, mask key first, then the seed: as they are shared.
  let shared: SecretBytes
  let maskKey: Curve25519.KeyAgreement.PrivateKey
  let channelKey: Curve25519.KeyAgreement.PrivateKey
  /// The seed of the self mask.
  let seed: SecretBytes
  /// The keys that open what neighbours sealed, by position.
  var openingKeys: [Int: SymmetricKey] = [:]
  /// The shares of neighbours' secrets, by position.
  var held: [Int: SecretBytes] = [:]

  init(from random: inout some RandomNumberGenerator) throws {
    let shared = SecretBytes(count: 64, from: &random)
    self.shared = shared
    (maskKey, seed) = try shared.withUnsafeBytes { bytes in
      (
        try KeyAgreement.key(SecretBytes(copying: .init(rebasing: bytes[..<32]))),
        SecretBytes(copying: .init(rebasing: bytes[32...]))
      )
    }
    channelKey = try KeyAgreement.key(SecretBytes(count: 32, from: &random))
  }
}
