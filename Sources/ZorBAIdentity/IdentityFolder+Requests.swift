import Crypto
import X509
import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension IdentityFolder {
  /// Makes a key, if the folder has none yet, and a request to be enrolled.
  ///
  /// Asking again, before a certificate is installed, gives a request with the same key.
  ///
  /// - Throws: `ZorBAError` with code `refused` when the folder holds a certificate already.
  package func makeRequest(for principal: Principal) throws -> SigningRequest {
    try DurableFile.makePrivateFolder(path)
    guard !DurableFile.exists(certificatePath) else {
      throw ZorBAError(
        .refused, "the folder holds a certificate already", at: .init(file: certificatePath),
        advice: "Renew it with 'zorba pki renew', or choose another folder for a new identity.")
    }
    if !DurableFile.exists(keyPath) { try IdentityKey.write(.init(), to: keyPath) }
    return try write(SigningRequest(key: IdentityKey.load(keyPath), principal: principal))
  }

  /// Makes a request to renew the certificate that is installed.
  ///
  /// - Parameter withNewKey: Whether a key is made for it, which takes over once its certificate
  ///   is installed.
  /// - Throws: `ZorBAError` as `load` does.
  package func makeRenewalRequest(withNewKey: Bool = true) throws -> SigningRequest {
    try settle()
    let credentials = try load()
    var key = try IdentityKey.load(keyPath)
    if withNewKey {
      key = P256.Signing.PrivateKey()
      try IdentityKey.write(key, to: nextKeyPath, replacing: true)
    }
    return try write(SigningRequest(key: key, principal: credentials.principal))
  }

  /// Puts a certificate into the folder, after checking that it fits.
  ///
  /// - Parameters:
  ///   - chain: DER, one's own certificate first; the authority's too when the folder has none.
  ///   - authority: What the fingerprint of the authority's key must be, as a person typed it.
  /// - Throws: `ZorBAError` with code `refused` when the chain comes from another authority,
  ///   `invalidData` when it is for another key or damaged. The folder is then unchanged.
  @discardableResult
  package func install(
    _ chain: [[UInt8]], authority: String? = nil, file: String? = nil
  ) throws -> Credentials {
    let anchor = try anchor(for: chain, file: file)
    if let authority, try !anchor.fingerprint.matches(typed: authority) {
      throw ZorBAError(
        .refused,
        "the authority's fingerprint is \(anchor.fingerprint.grouped), not the one that was typed",
        at: .init(file: file), advice: "Ask the operator what 'zorba pki init' printed.")
    }
    let certificate = try leaf(of: chain, under: anchor, file: file)
    if DurableFile.exists(certificatePath) {
      try settle()
      let present = try load().principal
      guard present == certificate.principal else {
        throw ZorBAError(
          .refused,
          "the folder is that of \(present), the certificate that of "
            + "\(certificate.principal)", at: .init(file: file),
          advice: "Install it in the folder where its request was made.")
      }
    }
    _ = try key(of: certificate)
    if !DurableFile.exists(authorityPath) {
      try DurableFile.write(
        Array(anchor.pem.utf8), to: authorityPath, mode: DurableFile.publicMode, replacing: false)
    }
    try DurableFile.write(
      Array(certificate.pem.utf8), to: certificatePath, mode: DurableFile.publicMode)
    try settle()
    return try load()
  }

  /// Installs the chain of a PEM file.
  @discardableResult
  package func install(file: String, authority: String? = nil) throws -> Credentials {
    try install(
      PEM.blocks(DurableFile.read(file), of: PEM.certificate, file: file), authority: authority,
      file: file)
  }

  /// The authority that this folder trusts: its own, or, the first time, that of the chain.
  private func anchor(for chain: [[UInt8]], file: String?) throws -> TrustAnchor {
    if DurableFile.exists(authorityPath) {
      let anchor = try TrustAnchor(file: authorityPath)
      guard chain.dropFirst().allSatisfy({ $0 == anchor.der }) else {
        throw ZorBAError(
          .refused,
          "the chain comes from another authority than this folder's, which is that of federation "
            + "'\(anchor.federation)' with fingerprint \(anchor.fingerprint.grouped)",
          at: .init(file: file),
          advice: "Use a folder of its own for every federation; ask the operator if the "
            + "authority was replaced.")
      }
      return anchor
    }
    guard chain.count > 1, let root = chain.last else {
      throw ZorBAError(
        .invalidData, "the chain does not contain the authority's certificate",
        at: .init(file: file),
        advice: "Install the file that 'zorba pki approve' wrote, unchanged.")
    }
    return try TrustAnchor(der: root, file: file)
  }

  /// Gives the new key its place if its certificate is installed: the end of a renewal, or the
  /// rest of one that a crash cut short.
  private func settle() throws {
    guard DurableFile.exists(nextKeyPath), DurableFile.exists(certificatePath) else { return }
    let chain = try PEM.blocks(
      DurableFile.read(certificatePath), of: PEM.certificate, file: certificatePath)
    let certificate = try IdentityCertificate.parse(chain.first ?? [])
    let next = try IdentityKey.load(nextKeyPath)
    guard Certificate.PublicKey(next.publicKey) == certificate.publicKey else { return }
    guard rename(nextKeyPath, keyPath) == 0 else {
      throw SystemFault.last.error("rename", nextKeyPath)
    }
    try DurableFile.flushFolder(of: keyPath)
  }

  private func write(_ request: SigningRequest) throws -> SigningRequest {
    try DurableFile.write(
      Array(request.pem.utf8), to: requestPath, mode: DurableFile.publicMode)
    return request
  }
}
