import ZorBADiagnostics
package import ZorBAJSON

/// What is to be recorded; the log adds its number, the time and the signature.
package struct AuditEntry: Sendable, Equatable {
  /// Who did it: the URI of a certificate's holder, or `local` for the machine's own user.
  package var actor: String
  package var what: AuditKind
  /// The run it belongs to; nil for none.
  package var run: String?
  /// The round it belongs to; nil for none.
  package var round: Int?
  /// What was sent or decided, as lower-case hexadecimal digits: SHA-256, or the journal's chain
  /// value where `what` is `round.committed`.
  package var digest: String?
  /// Whatever else is worth knowing: strings, integers, booleans, nulls, and arrays and objects of
  /// them.
  package var detail: JSONObject

  /// The machine's own user.
  package static let local = "local"

  /// Bytes that a detail may have as JSON; a longer one is cut where it is recorded.
  package static let detailLimit = 8192
  /// Bytes that a name or text may have.
  static let textLimit = 1024
  static let depthLimit = 4

  package init(
    _ what: AuditKind, by actor: String = AuditEntry.local, run: String? = nil, round: Int? = nil,
    digest: String? = nil, detail: KeyValuePairs<String, JSONValue> = [:]
  ) {
    self.actor = actor
    self.what = what
    self.run = run
    self.round = round
    self.digest = digest
    var object = JSONObject()
    for (key, value) in detail { _ = object.append(.init(key: key, value: value)) }
    self.detail = object
  }

  /// The entry as it can be recorded: texts without control characters and of bounded length, no
  /// fractions, no negative round.
  ///
  /// Only what comes from peers and files can be otherwise, and what they say is recorded as an error
  /// would quote it rather than not at all.
  func recordable() -> AuditEntry {
    var entry = self
    entry.actor = Self.plain(actor, limit: 256)
    entry.run = run.map { Self.plain($0, limit: 256) }
    entry.round = round.map { max(0, $0) }
    entry.digest = digest.flatMap { Self.isDigest($0) ? $0 : nil }
    let object = Self.plain(.object(detail), depth: 0).object ?? JSONObject()
    entry.detail = JSONObject()
    var size = 2
    for member in object.members {
      let bytes = member.key.utf8.count + member.value.serialized.utf8.count + 8
      guard size + bytes <= Self.detailLimit - 32 else {
        _ = entry.detail.append(.init(key: "cut", value: true))
        break
      }
      size += bytes
      _ = entry.detail.append(.init(key: member.key, value: member.value))
    }
    return entry
  }

  /// Up to 64 bytes in lower-case hexadecimal digits.
  static func isDigest(_ text: String) -> Bool {
    let count = text.utf8.count
    return (2...128).contains(count) && count.isMultiple(of: 2)
      && Hexadecimal.bytes(text, count: count / 2) != nil
  }

  /// Whether a text can stand in a record as it is.
  static func isPlain(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
  }

  private static func plain(_ text: String, limit: Int) -> String {
    if text.utf8.count <= limit, isPlain(text) { return text }
    var short = ""
    var size = 0
    for scalar in text.unicodeScalars {
      let kept = scalar.value >= 0x20 && scalar.value != 0x7F ? scalar : " "
      size += UTF8.width(kept)
      guard size <= limit - 3 else { return short + "…" }
      short.unicodeScalars.append(kept)
    }
    return short
  }

  private static func plain(_ value: JSONValue, depth: Int) -> JSONValue {
    switch value {
    case .null, .bool, .integer: return value
    case .number(let number): return .string("\(number)")
    case .string(let text): return .string(plain(text, limit: textLimit))
    case .array(let values):
      guard depth < depthLimit else { return "…" }
      return .array(values.prefix(4096).map { plain($0, depth: depth + 1) })
    case .object(let object):
      guard depth < depthLimit else { return "…" }
      var result = JSONObject()
      for member in object.members.prefix(256) {
        _ = result.append(
          .init(key: plain(member.key, limit: 64), value: plain(member.value, depth: depth + 1)))
      }
      return .object(result)
    }
  }
}
