import Crypto
import Foundation
import SwiftASN1
import Testing
import X509
import ZorBADiagnostics
import ZorBAIdentity

/// An authority in a folder of its own that is removed in the end, at a fixed time.
final class TestFederation {
  static let now = Date(timeIntervalSince1970: 1_772_366_400)  // 2026-03-01T12:00:00Z

  let root: String
  let authority: CertificateAuthority

  var now: Date { Self.now }
  var anchor: TrustAnchor { authority.anchor }
  var registerPath: String { CertificateAuthority.registerPath(authority.folder) }

  init(_ name: String = "hearts", now: Date = TestFederation.now) throws {
    root = FileManager.default.temporaryDirectory.path + "/zorba-identity-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    authority = try CertificateAuthority.create(
      folder: root + "/authority", federation: name, now: now)
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  func principal(_ role: Principal.Role, _ name: String) throws -> Principal {
    try Principal(federation: authority.federation, role: role, name: name)
  }

  /// An enrolled member and its certificate.
  @discardableResult
  func member(
    _ role: Principal.Role = .site, _ name: String = "clinic-a",
    lifetime: CertificateLifetime = .standard, at time: Date = TestFederation.now
  ) throws -> (folder: IdentityFolder, leaf: [UInt8]) {
    let folder = try authority.provision(
      folder: "\(root)/\(role.rawValue)-\(name)", principal: principal(role, name),
      lifetime: lifetime, now: time)
    return (folder, try #require(try folder.load().chain.first))
  }

  var key: Certificate.PrivateKey {
    get throws { try Certificate.PrivateKey(pemEncoded: text("authority/authority.key")) }
  }

  var certificate: Certificate {
    get throws { try Certificate(derEncoded: anchor.der) }
  }

  func text(_ relative: String) throws -> String {
    try String(contentsOfFile: "\(root)/\(relative)", encoding: .utf8)
  }

  func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  func mode(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return try #require(attributes[.posixPermissions] as? NSNumber).intValue
  }

  /// A certificate with any contents that this federation's authority signed nevertheless.
  func forged(
    names: [GeneralName] = [.uniformResourceIdentifier("zorba://hearts/site/clinic-a")],
    purposes: [ExtendedKeyUsage.Usage]? = [.clientAuth],
    usage: KeyUsage? = KeyUsage(digitalSignature: true),
    constraints: BasicConstraints? = .notCertificateAuthority,
    extra: [Certificate.Extension] = [], from start: Date = TestFederation.now, days: Double = 30
  ) throws -> [UInt8] {
    var extensions = extra
    if !names.isEmpty {
      extensions.append(try .init(SubjectAlternativeNames(names), critical: false))
    }
    if let purposes {
      extensions.append(try .init(ExtendedKeyUsage(purposes), critical: false))
    }
    if let usage { extensions.append(try .init(usage, critical: true)) }
    if let constraints { extensions.append(try .init(constraints, critical: true)) }
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(),
      publicKey: Certificate.PrivateKey(P256.Signing.PrivateKey()).publicKey,
      notValidBefore: start, notValidAfter: start.addingTimeInterval(days * 86_400),
      issuer: self.certificate.subject, subject: DistinguishedName { CommonName("forged") },
      extensions: Certificate.Extensions(extensions), issuerPrivateKey: key)
    return try der(certificate)
  }
}

func der(_ value: some DERSerializable) throws -> [UInt8] {
  var serializer = DER.Serializer()
  try serializer.serialize(value)
  return serializer.serializedBytes
}
