import ZorBADiagnostics
import ZorBAJSON

extension AuditRecord {
  /// Reads a line as `line` writes it; the hash and the signature are not looked at.
  ///
  /// - Parameter bytes: The line without its break.
  /// - Throws: `ZorBAError` with code `invalidData` naming the line and what is wrong with it.
  package init(line bytes: [UInt8], file: String? = nil, number: Int = 1) throws {
    func fault(_ message: String, _ field: String? = nil) -> ZorBAError {
      ZorBAError(.invalidData, message, at: .init(file: file, line: number, field: field))
    }
    guard bytes.count < Self.lineLimit else {
      throw fault("a line of \(bytes.count) bytes is longer than a record can be")
    }
    let value = try JSONParser.parse(bytes, file: file, firstLine: number)
    guard let object = value.object else { throw fault("a record is an object") }
    let keys = object.members.map(\.key)
    guard keys.elementsEqual(Self.keys) else {
      throw fault("the members of a record are \(Self.keys.joined(separator: ", "))")
    }
    guard let n = object["n"]?.integer, n >= 0 else { throw fault("is no record number", "n") }
    guard let time = object["time"]?.string.flatMap(AuditTime.init) else {
      throw fault("is no time in UTC with milliseconds", "time")
    }
    guard let what = object["what"]?.string.flatMap(AuditKind.init(rawValue:)) else {
      throw fault("is no kind of record that this version knows", "what")
    }
    guard let actor = object["actor"]?.string else { throw fault("is no text", "actor") }
    guard let detail = object["detail"]?.object else { throw fault("is no object", "detail") }
    func optional<Value>(_ key: String, _ read: (JSONValue) -> Value?) throws -> Value? {
      guard let value = object[key], !value.isNull else { return nil }
      guard let read = read(value) else { throw fault("is of another kind", key) }
      return read
    }
    func digest(_ key: String, _ count: Int) throws -> [UInt8] {
      guard let bytes = object[key]?.string.flatMap({ Hexadecimal.bytes($0, count: count) }) else {
        throw fault("is not \(2 * count) lower-case hexadecimal digits", key)
      }
      return bytes
    }
    var entry = AuditEntry(
      what, by: actor, run: try optional("run") { $0.string },
      round: try optional("round") { $0.integer }, digest: try optional("digest") { $0.string })
    entry.detail = detail
    guard entry == entry.recordable() else {
      throw fault("has a member that no record can have: too long, or with control characters")
    }
    self.init(
      n: n, time: time, entry: entry, previous: try digest("previous", Self.digestBytes),
      hash: try digest("hash", Self.digestBytes),
      signature: try digest("signature", Self.signatureBytes))
    guard line.utf8.elementsEqual(bytes) else {
      throw fault("the record is not written in the one way there is")
    }
  }

  static let keys = [
    "n", "time", "actor", "what", "run", "round", "digest", "detail", "previous", "hash",
    "signature",
  ]
}
