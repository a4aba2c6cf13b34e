/// Signs on behalf of an enrolled site.
///
/// The protocol core sees bytes only; what kind of key signs them, and where it lies, is the
/// business of whoever implements this.
package protocol IdentitySigner: Sendable {
  /// The certificates, leaf first, that let others verify the signatures; opaque here, at most
  /// ``SecureSession/largestCertificates`` bytes, and empty where verifiers know the keys anyway.
  var certificates: [UInt8] { get }

  /// The signature over `bytes`, at most ``SecureSession/largestSignature`` bytes.
  func sign(_ bytes: [UInt8]) throws -> [UInt8]
}

/// Verifies that a signature was made by the enrolled identity of a member.
package protocol IdentityVerifier: Sendable {
  /// Returns only where `signature` over `bytes` was made with the key that `certificates` speak
  /// for, these certificates are valid now, and they belong to the client with number `member`.
  ///
  /// - Throws: Anything else; the error becomes the cause of the refusal.
  func verify(
    _ signature: [UInt8], of bytes: [UInt8], member: Int, certificates: [UInt8]) throws
}
