import Crypto
import SwiftASN1
import X509
import ZorBADiagnostics

/// The SHA-256 digest of a public key (its SubjectPublicKeyInfo), by which people compare keys.
package struct Fingerprint: Hashable, Sendable {
  /// 64 hexadecimal digits, lower case.
  package let hex: String

  /// The least that somebody must type: 64 bits, out of reach of a search for a similar key.
  package static let shortestPrefix = 16

  /// - Throws: `ZorBAError` with code `invalidData` for a key that has no DER form.
  init(_ key: Certificate.PublicKey) throws {
    var serializer = DER.Serializer()
    do {
      try serializer.serialize(key)
    } catch {
      throw ZorBAError(.invalidData, "this public key cannot be written", cause: error)
    }
    hex = Hexadecimal.text(SHA256.hash(data: serializer.serializedBytes))
  }

  /// - Throws: `ZorBAError` with code `invalidData` unless it is 64 lower-case hexadecimal digits.
  package init(hex: String) throws {
    guard hex.utf8.count == 64, Hexadecimal.isText(hex) else {
      throw ZorBAError(.invalidData, "'\(hex.excerpt())' is no SHA-256 fingerprint")
    }
    self.hex = hex
  }

  /// The digits in groups of four, to be read aloud.
  package var grouped: String {
    let bytes = Array(hex.utf8)
    return stride(from: 0, to: bytes.count, by: 4)
      .map { String(decoding: bytes[$0..<min($0 + 4, bytes.count)], as: UTF8.self) }
      .joined(separator: " ")
  }

  /// Whether this is the fingerprint that a person typed, whole or its first 16 digits or more.
  ///
  /// Spaces, colons, dashes, capitals and a leading `SHA256:` do not count.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when it is too short, too long or not
  ///   hexadecimal.
  package func matches(typed text: String) throws -> Bool {
    hex.hasPrefix(try Self.digits(typed: text))
  }

  /// The digits of what a person typed.
  static func digits(typed text: String) throws -> String {
    var typed = text.prefix(200).lowercased()
    if typed.hasPrefix("sha256:") { typed.removeFirst(7) }
    typed.removeAll { $0 == " " || $0 == ":" || $0 == "-" }
    guard (shortestPrefix...64).contains(typed.utf8.count), Hexadecimal.isText(typed) else {
      throw ZorBAError(
        .invalidConfiguration, "'\(text.excerpt())' is no fingerprint",
        advice: "Type the 64 hexadecimal digits that 'zorba pki request' printed at the site, "
          + "or at least the first \(shortestPrefix) of them.")
    }
    return typed
  }

  /// The first 20 bytes, by which certificates refer to keys (RFC 7093, method 4).
  var keyIdentifier: [UInt8] { Array(Hexadecimal.bytes(hex).prefix(20)) }
}
