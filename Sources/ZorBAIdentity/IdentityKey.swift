import Crypto
import ZorBADiagnostics

/// An ECDSA P-256 private key in a PEM file (PKCS #8) that only its owner can read.
enum IdentityKey {
  /// - Throws: `ZorBAError` with code `refused` when others may read the file, `invalidData` when it
  ///   holds no such key, `inputOutput` when it cannot be read.
  static func load(_ path: String) throws -> P256.Signing.PrivateKey {
    let bytes = try DurableFile.read(path, isPrivate: true)
    do {
      return try P256.Signing.PrivateKey(pemRepresentation: String(decoding: bytes, as: UTF8.self))
    } catch {
      // The cause is left out: no part of a key goes into a log.
      throw ZorBAError(
        .invalidData, "this is no ECDSA P-256 private key in PEM", at: .init(file: path),
        advice: "Restore the file from a backup, or enrol again with 'zorba pki request'.")
    }
  }

  static func write(
    _ key: P256.Signing.PrivateKey, to path: String, replacing: Bool = false
  ) throws {
    try DurableFile.write(
      Array((key.pemRepresentation + "\n").utf8), to: path, mode: DurableFile.privateMode,
      replacing: replacing)
  }
}
