import Crypto
import SwiftASN1
import X509
import ZorBADiagnostics

/// What a site or an operator asks the authority to sign: a public key and whose it is (PKCS #10).
///
/// Invariant: the request is signed with the key it contains, so whoever made it holds the key.
package struct SigningRequest: Sendable {
  package let der: [UInt8]
  package let principal: Principal
  /// Of the public key; people compare it over another channel before they approve.
  package let fingerprint: Fingerprint

  let publicKey: Certificate.PublicKey

  /// Takes a request apart and checks its signature.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when it is damaged, names no principal, has a
  ///   key of another kind than ECDSA P-256, or is not signed with that key.
  package init(der: [UInt8], file: String? = nil) throws {
    func fault(_ message: String, cause: (any Error)? = nil) -> ZorBAError {
      ZorBAError(
        .invalidData, message, at: .init(file: file),
        advice: "Make a new one with 'zorba pki request'.", cause: cause)
    }
    guard der.count <= IdentityCertificate.limit else {
      throw fault("a signing request of \(der.count) bytes is too large")
    }
    let request: CertificateSigningRequest
    let extensions: Certificate.Extensions
    do {
      request = try CertificateSigningRequest(derEncoded: der)
      extensions =
        try request.attributes.extensionRequest?.extensions ?? Certificate.Extensions([])
    } catch {
      throw fault("this is no signing request", cause: error)
    }
    guard P256.Signing.PublicKey(request.publicKey) != nil else {
      throw fault("the request's key is not an ECDSA P-256 key")
    }
    guard request.publicKey.isValidSignature(request.signature, for: request) else {
      throw fault("the request is not signed with its own key, or was changed")
    }
    do {
      principal = try Principal(uri: SubjectURI.only(of: extensions))
    } catch let error as ZorBAError {
      throw fault("the request is for nobody: \(error.message)")
    }
    self.der = der
    publicKey = request.publicKey
    fingerprint = try Fingerprint(request.publicKey)
  }

  /// The request in a PEM file.
  package init(file: String) throws {
    try self.init(pem: DurableFile.read(file), file: file)
  }

  package init(pem: [UInt8], file: String? = nil) throws {
    let blocks = try PEM.blocks(pem, of: PEM.request, PEM.oldRequest, file: file)
    guard let der = blocks.first, blocks.count == 1 else {
      throw ZorBAError(
        .invalidData, "the file holds \(blocks.count) signing requests, not one",
        at: .init(file: file))
    }
    try self.init(der: der, file: file)
  }

  /// Makes and signs a request.
  init(key: P256.Signing.PrivateKey, principal: Principal) throws {
    let names = SubjectAlternativeNames([.uniformResourceIdentifier(principal.uri)])
    let extensions = ExtensionRequest(extensions: try Certificate.Extensions { names })
    let request = try CertificateSigningRequest(
      version: .v1, subject: principal.subject, privateKey: Certificate.PrivateKey(key),
      attributes: CertificateSigningRequest.Attributes([.init(extensions)]))
    var serializer = DER.Serializer()
    try serializer.serialize(request)
    der = serializer.serializedBytes
    self.principal = principal
    publicKey = request.publicKey
    fingerprint = try Fingerprint(request.publicKey)
  }

  package var pem: String { PEM.text(PEM.request, der) }
}

extension Principal {
  /// For the eyes of people who print certificates; nothing here reads it.
  var subject: DistinguishedName {
    get throws {
      try DistinguishedName {
        OrganizationName(federation)
        CommonName(name)
      }
    }
  }
}
