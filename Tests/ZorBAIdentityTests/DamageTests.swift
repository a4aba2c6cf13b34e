import Crypto
import Foundation
import SwiftASN1
import Testing
import X509
import ZorBADiagnostics
import ZorBAIdentity
import ZorBATestSupport

/// Whatever the bytes, there is an error of ours or a value, never a trap.
@Suite struct DamageTests {
  private let federation: TestFederation
  private let now = TestFederation.now

  init() throws { federation = try TestFederation() }

  @Test func damagedCertificatesAreNeverAdmitted() throws {
    let leaf = try federation.member().leaf
    var mutator = Mutator(seed: 11)
    for _ in 0..<6000 {
      let bytes = mutator.mutate(leaf)
      guard bytes != leaf else { continue }
      do {
        _ = try federation.anchor.admit(bytes, as: [.site], now: now, revocations: nil)
        // An ECDSA signature's encoding aside, no other bytes carry the authority's signature.
        let certificate = try Certificate(derEncoded: bytes)
        let original = try Certificate(derEncoded: leaf)
        #expect(certificate.tbsCertificateBytes == original.tbsCertificateBytes)
      } catch let error as ZorBAError {
        #expect(error.code == .refused)
      }
      _ = federation.anchor.chainsToAuthority([bytes])
      _ = try? IdentityCertificate(der: bytes)
      _ = try? TrustAnchor(der: bytes)
    }
  }

  /// Damage that is signed again reaches the code behind the check of the signature.
  @Test func contentsThatTheAuthoritySignedAreDoubtedToo() throws {
    let leaf = try federation.member().leaf
    let contents = Array(try Certificate(derEncoded: leaf).tbsCertificateBytes)
    let algorithm = try der(
      Sequence {
        try $0.serialize(ecdsaWithSHA256)
      })
    let key = try P256.Signing.PrivateKey(
      pemRepresentation: federation.text("authority/authority.key"))
    var mutator = Mutator(seed: 12)
    var admitted = 0
    var reasons: Set<String> = []
    for _ in 0..<5000 {
      let mutated = mutator.mutate(contents)
      let signature = try key.signature(for: mutated).derRepresentation
      let bytes = try der(
        Sequence { coder in
          coder.serializeRawBytes(mutated)
          coder.serializeRawBytes(algorithm)
          try coder.serialize(ASN1BitString(bytes: ArraySlice(signature)))
        })
      do {
        let principal = try federation.anchor.admit(bytes, as: [.site], now: now, revocations: nil)
        #expect(principal.federation == "hearts")
        #expect(principal.role == .site)
        admitted += 1
      } catch let error as ZorBAError {
        #expect(error.code == .refused)
        reasons.insert(String(error.message.prefix(48)))
      }
    }
    // Serial numbers, keys and common names may change without harm.
    #expect(admitted > 20)
    #expect(reasons.count > 10)
  }

  @Test func damagedRequestsAreErrors() throws {
    let request = try IdentityFolder(federation.root + "/site")
      .makeRequest(for: federation.principal(.site, "clinic-a"))
    var mutator = Mutator(seed: 13)
    let pem = Array(request.pem.utf8)
    for round in 0..<6000 {
      do {
        let read =
          round % 2 == 0
          ? try SigningRequest(der: mutator.mutate(request.der))
          : try SigningRequest(pem: mutator.mutate(pem), file: "request.pem")
        #expect(read.principal == request.principal)
        #expect(read.fingerprint == request.fingerprint)
      } catch let error as ZorBAError {
        #expect(error.code == .invalidData)
      }
    }
  }

  @Test func damagedFoldersAreErrorsThatNameTheFile() throws {
    let folder = try federation.member().folder
    let good = try folder.load()
    var generator = SeededGenerator(seed: 14)
    for name in ["key.pem", "certificate.pem", "authority.pem"] {
      let path = "\(folder.path)/\(name)"
      let bytes = try federation.bytes(path)
      var failures = 0
      for _ in 0..<1000 {
        try federation.write(generator.mutated(bytes, within: 0..<bytes.count), to: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        do {
          let read = try folder.load()
          #expect(read.principal == good.principal)
          #expect(read.serial == good.serial)
        } catch let error as ZorBAError {
          failures += 1
          #expect(error.location.file?.hasPrefix(folder.path) == true, "\(error)")
          // No part of a key is ever quoted.
          if name == "key.pem" { #expect(error.cause == nil) }
        }
      }
      #expect(failures > 500, "\(name)")
      try federation.write(bytes, to: path)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }
    #expect(try folder.load().serial == good.serial)
  }

  @Test func filesThatAreNoneAreErrors() throws {
    let folder = try federation.member().folder
    let path = folder.path + "/certificate.pem"
    try federation.write([UInt8](repeating: 0x41, count: 1_000_000), to: path)
    expectError(.invalidData, naming: path, "larger than") { _ = try folder.load() }
    try federation.write([], to: path)
    expectError(.invalidData, naming: path, "BEGIN CERTIFICATE") { _ = try folder.load() }
    try federation.write(federation.bytes(folder.path + "/key.pem"), to: path)
    expectError(.invalidData, naming: path, "PRIVATE KEY") { _ = try folder.load() }
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    expectError(.invalidData, naming: path, "not a regular file") { _ = try folder.load() }
  }

  @Test func requestsWithOtherKeysAreRefused() throws {
    let names = SubjectAlternativeNames([
      .uniformResourceIdentifier("zorba://hearts/site/clinic-a")
    ])
    let attributes = try CertificateSigningRequest.Attributes([
      .init(ExtensionRequest(extensions: Certificate.Extensions { names }))
    ])
    for key in [
      Certificate.PrivateKey(Curve25519.Signing.PrivateKey()),
      Certificate.PrivateKey(P384.Signing.PrivateKey()),
    ] {
      let request = try CertificateSigningRequest(
        version: .v1, subject: DistinguishedName([RelativeDistinguishedName]()), privateKey: key,
        attributes: attributes)
      expectError(.invalidData, naming: "P-256", "request.pem") {
        _ = try SigningRequest(der: der(request), file: "request.pem")
      }
    }
  }
}

private let ecdsaWithSHA256: ASN1ObjectIdentifier = [1, 2, 840, 10_045, 4, 3, 2]

/// A DER sequence with any contents.
private struct Sequence: DERSerializable {
  let body: (inout DER.Serializer) throws -> Void

  init(_ body: @escaping (inout DER.Serializer) throws -> Void) { self.body = body }

  func serialize(into coder: inout DER.Serializer) throws {
    try coder.appendConstructedNode(identifier: .sequence) { try body(&$0) }
  }
}
