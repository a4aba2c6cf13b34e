import Crypto
import ZorBADiagnostics
import ZorBAJSON

/// One line of an audit log.
///
/// A line is `BODY, "hash": "…", "signature": "…"}` where BODY are its members up to `previous`. The
/// hash is SHA-256 over the bytes of BODY, the signature Ed25519 over `signed(hash:)`, and
/// `previous` SHA-256 over the bytes of the line before, without its line break. There is one way to
/// write a record, `line`, and a reader takes no other, so that every byte counts.
package struct AuditRecord: Sendable, Equatable {
  /// Counted from 0.
  package let n: Int
  package let time: AuditTime
  package let entry: AuditEntry
  /// SHA-256 of the line before; of the first record, zeros.
  package let previous: [UInt8]
  package let hash: [UInt8]
  package let signature: [UInt8]

  static let digestBytes = 32
  static let signatureBytes = 64

  /// The most bytes of a line, its break included.
  package static let lineLimit = 16 * 1024

  /// Signs an entry that is `recordable()`.
  init(
    n: Int, time: AuditTime, entry: AuditEntry, previous: [UInt8],
    key: Curve25519.Signing.PrivateKey
  ) throws {
    self.n = n
    self.time = time
    self.entry = entry
    self.previous = previous
    hash = Array(
      SHA256.hash(data: Array(Self.body(n: n, time: time, entry: entry, previous: previous).utf8)))
    do {
      signature = Array(try key.signature(for: Self.signed(hash: hash)))
    } catch {
      throw ZorBAError(.inputOutput, "a record of the audit log cannot be signed")
    }
  }

  init(
    n: Int, time: AuditTime, entry: AuditEntry, previous: [UInt8], hash: [UInt8],
    signature: [UInt8]
  ) {
    self.n = n
    self.time = time
    self.entry = entry
    self.previous = previous
    self.hash = hash
    self.signature = signature
  }

  /// What is signed: a text that no other use of the key can mean, then the hash.
  static func signed(hash: [UInt8]) -> [UInt8] { Array("ZorBA audit record v1\n".utf8) + hash }

  /// The line, without its break.
  package var line: String {
    Self.body(n: n, time: time, entry: entry, previous: previous)
      + ", \"hash\": \"\(Hexadecimal.text(hash))\""
      + ", \"signature\": \"\(Hexadecimal.text(signature))\"}"
  }

  /// What the next record names as `previous`.
  package var digest: [UInt8] { Array(SHA256.hash(data: Array(line.utf8))) }

  /// Whether the hash is that of the body.
  var hasItsHash: Bool {
    SHA256.hash(
      data: Array(Self.body(n: n, time: time, entry: entry, previous: previous).utf8)
    ).elementsEqual(hash)
  }

  func isSigned(by key: Curve25519.Signing.PublicKey) -> Bool {
    key.isValidSignature(signature, for: Self.signed(hash: hash))
  }

  /// The members up to `previous`, from the opening brace on.
  private static func body(
    n: Int, time: AuditTime, entry: AuditEntry, previous: [UInt8]
  ) -> String {
    func text(_ value: String?) -> String {
      value.map { JSONValue.string($0).serialized } ?? "null"
    }
    return "{\"n\": \(n), \"time\": \"\(time)\", \"actor\": \(text(entry.actor))"
      + ", \"what\": \"\(entry.what.rawValue)\", \"run\": \(text(entry.run))"
      + ", \"round\": \(entry.round.map(String.init) ?? "null")"
      + ", \"digest\": \(text(entry.digest))"
      + ", \"detail\": \(JSONValue.object(entry.detail).serialized)"
      + ", \"previous\": \"\(Hexadecimal.text(previous))\""
  }
}
