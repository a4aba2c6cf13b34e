import ZorBADiagnostics
package import ZorBAJSON

/// One message that leaves the site, as it is written down and shown.
package struct SentLine: Sendable, Equatable {
  package var time: UTCInstant
  package var run: String
  /// Nil for messages that belong to no round.
  package var round: Int?
  package var kind: MessageKind
  /// The message's fields by name, as decoded from the payload.
  package var fields: JSONObject
  /// The message, byte for byte.
  package var payload: [UInt8]
  /// Bytes of a dense update that leaves beside the payload; of them only the digest is written down.
  package var updateBytes: Int

  package init(
    time: UTCInstant, run: String, round: Int?, kind: MessageKind, fields: JSONObject,
    payload: [UInt8], updateBytes: Int = 0
  ) {
    self.time = time
    self.run = run
    self.round = round
    self.kind = kind
    self.fields = fields
    self.payload = payload
    self.updateBytes = max(0, updateBytes)
  }

  /// All bytes that leave.
  package var byteCount: Int { payload.count.addingSaturating(updateBytes) }

  /// One line of JSON without its line break; the payload is hexadecimal.
  package var json: String {
    var object = JSONObject()
    func add(_ key: String, _ value: JSONValue) {
      _ = object.append(JSONObject.Member(key: key, value: value))
    }
    add("time", .string(time.description))
    add("run", .string(run))
    if let round { add("round", .integer(round)) }
    add("kind", .string(kind.rawValue))
    add("bytes", .integer(byteCount))
    add("fields", .object(fields))
    add("payload", .string(Self.hexadecimal(payload)))
    return JSONValue.object(object).serialized
  }

  /// The same for people: what leaves in one sentence, then field by field, then the bytes.
  package var text: String {
    let place = round.map { "round \($0) of \(run.excerpt())" } ?? run.excerpt()
    let bytes = byteCount == 1 ? "1 byte" : "\(byteCount) bytes"
    let names = fields.members.map { $0.key.excerpt() }
    var lines = [
      "\(time)  \(kind.rawValue), \(place)",
      "  leaves the site: \(bytes): \(names.isEmpty ? "no fields" : names.joined(separator: ", "))",
    ]
    var rows = fields.members.map { ($0.key.excerpt(), Self.shown($0.value)) }
    rows.append(("bytes", Self.hexadecimal(payload)))
    let width = rows.map(\.0.count).max() ?? 0
    lines += rows.map { name, value in
      "  \(name)\(String(repeating: " ", count: width - name.count))  \(value)"
    }
    return lines.joined(separator: "\n")
  }

  private static func shown(_ value: JSONValue) -> String {
    (value.string ?? value.serialized).excerpt(limit: 2000)
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
