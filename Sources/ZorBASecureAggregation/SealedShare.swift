import Crypto
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A share of a mask key and a share of a self-mask seed, sealed from one member to another with
/// AES-256-GCM.
///
/// The key is derived for this one message, so the nonce is zero and is not sent. The associated data
/// say session, roster, sender and recipient once more.
enum SealedShare {
  /// Two shares of 32 bytes and a tag of 16.
  static let byteCount = 80

  static func seal(
    _ share: SecretBytes, key: SymmetricKey, _ transcript: Transcript, from sender: Int,
    to recipient: Int
  ) throws -> [UInt8] {
    let box = try AES.GCM.seal(
      Data(reading: share), using: key, nonce: nonce(),
      authenticating: context(transcript, sender, recipient))
    return Array(box.ciphertext) + Array(box.tag)
  }

  /// The 64 bytes, or nil where they were sealed otherwise.
  static func open(
    _ sealed: ArraySlice<UInt8>, key: SymmetricKey, _ transcript: Transcript, from sender: Int,
    to recipient: Int
  ) -> SecretBytes? {
    guard sealed.count == byteCount,
      let box = try? AES.GCM.SealedBox(
        nonce: nonce(), ciphertext: sealed.prefix(64), tag: sealed.suffix(16)),
      var content = try? AES.GCM.open(
        box, using: key, authenticating: context(transcript, sender, recipient))
    else { return nil }
    return content.withUnsafeMutableBytes { bytes in
      defer { SecretBytes.erase(bytes) }
      return SecretBytes(copying: UnsafeRawBufferPointer(bytes))
    }
  }

  private static func nonce() throws -> AES.GCM.Nonce {
    try AES.GCM.Nonce(data: [UInt8](repeating: 0, count: 12))
  }

  private static func context(
    _ transcript: Transcript, _ sender: Int, _ recipient: Int
  ) -> [UInt8] {
    Labels.share.bytes(
      transcript.session.identifier, transcript.roster, sender.labelled, recipient.labelled)
  }
}

extension Data {
  /// A view of secret bytes for the length of a call, not a copy.
  ///
  /// The bytes stay with `secret`, which the caller keeps alive and which erases them.
  fileprivate init(reading secret: SecretBytes) {
    self = secret.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return Data() }
      return Data(
        bytesNoCopy: UnsafeMutableRawPointer(mutating: base), count: bytes.count,
        deallocator: .custom { _, _ in withExtendedLifetime(secret) {} })
    }
  }
}
