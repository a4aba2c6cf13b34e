import Crypto
import X509
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The private authority of one federation: its root key, root certificate and register, in a folder.
///
/// Whoever can read the folder can make anybody a member, so its key has mode 600 and can live on
/// another machine than the coordinator. Every change holds the register's lock, so that several
/// processes may work with one folder.
package struct CertificateAuthority: Sendable {
  package let folder: String
  package let anchor: TrustAnchor

  /// How long to wait for another process that is at work in the folder; an issue takes milliseconds.
  package var patience: Duration = .seconds(10)

  let key: P256.Signing.PrivateKey

  package var federation: String { anchor.federation }

  static func keyPath(_ folder: String) -> String { "\(folder)/authority.key" }
  static func certificatePath(_ folder: String) -> String { "\(folder)/authority.pem" }
  /// The register of an authority in this folder.
  package static func registerPath(_ folder: String) -> String { "\(folder)/register.jsonl" }

  /// The root certificate's life.
  static let years = 10

  /// Opens an authority.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` or `invalidData` when a file is missing or
  ///   damaged, `refused` when others may read the key.
  package static func open(folder: String) throws -> CertificateAuthority {
    guard DurableFile.exists(certificatePath(folder)) else {
      throw ZorBAError(
        .inputOutput, "there is no authority in this folder", at: .init(file: folder),
        advice: "Make one with 'zorba pki init'.")
    }
    let anchor = try TrustAnchor(file: certificatePath(folder))
    let key = try IdentityKey.load(keyPath(folder))
    guard Certificate.PublicKey(key.publicKey) == anchor.certificate.publicKey else {
      throw ZorBAError(
        .invalidData, "the key is not that of authority.pem", at: .init(file: keyPath(folder)),
        advice: "Restore both files from the same backup.")
    }
    return CertificateAuthority(folder: folder, anchor: anchor, key: key)
  }

  /// Every certificate of the register, oldest first.
  ///
  /// - Throws: `ZorBAError` when the register cannot be read.
  package func list() throws -> [RegisteredCertificate] {
    let path = Self.registerPath(folder)
    return try RegisterContents(
      DurableFile.read(path, limit: Register.limit), file: path
    ).certificates
  }

  /// Opens and locks the register.
  func openRegister() throws -> Register {
    try Register(Self.registerPath(folder), patience: patience)
  }
}
