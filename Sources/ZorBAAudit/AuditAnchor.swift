import Crypto
import ZorBADiagnostics
package import ZorBAJSON

/// The head of a log at one moment, kept elsewhere: proof that a record stood there, with everything
/// before it.
///
/// Its signature is the record's, over a hash that covers everything before it, so whoever has the
/// log can make an anchor and whoever has an anchor can check it without the log.
package struct AuditAnchor: Sendable, Equatable {
  package var n: Int
  package var hash: [UInt8]
  package var time: AuditTime
  package var signature: [UInt8]
  /// The log's public key.
  package var key: [UInt8]

  package init(_ record: AuditRecord, key: [UInt8]) {
    n = record.n
    hash = record.hash
    time = record.time
    signature = record.signature
    self.key = key
  }

  /// As one line of JSON.
  package var json: JSONValue {
    [
      "n": .integer(n), "hash": .string(Hexadecimal.text(hash)), "time": .string("\(time)"),
      "signature": .string(Hexadecimal.text(signature)), "key": .string(Hexadecimal.text(key)),
    ]
  }

  /// Reads an anchor; its signature is checked.
  ///
  /// - Throws: `ZorBAError` with code `invalidData`.
  package init(parsing bytes: [UInt8], file: String? = nil, line: Int = 1) throws {
    func fault(_ message: String, _ field: String? = nil) -> ZorBAError {
      ZorBAError(
        .invalidData, message, at: .init(file: file, line: line, field: field),
        advice: "Give a file that 'zorba audit anchor' wrote.")
    }
    guard bytes.count <= 4096 else { throw fault("this is too long for an anchor") }
    let value = try JSONParser.parse(bytes, file: file, firstLine: line)
    guard let n = value["n"]?.integer, n >= 0 else { throw fault("is no record number", "n") }
    guard let time = value["time"]?.string.flatMap(AuditTime.init) else {
      throw fault("is no time", "time")
    }
    func digits(_ key: String, _ count: Int) throws -> [UInt8] {
      guard let bytes = value[key]?.string.flatMap({ Hexadecimal.bytes($0, count: count) }) else {
        throw fault("is not \(2 * count) lower-case hexadecimal digits", key)
      }
      return bytes
    }
    self.n = n
    self.time = time
    hash = try digits("hash", 32)
    signature = try digits("signature", 64)
    key = try digits("key", 32)
    let signed = AuditRecord.signed(hash: hash)
    guard let verifier = try? Curve25519.Signing.PublicKey(rawRepresentation: key),
      verifier.isValidSignature(signature, for: signed)
    else { throw fault("the anchor is not signed by the key it names", "signature") }
  }
}
