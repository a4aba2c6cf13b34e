import ZorBAJSON

extension LogHead {
  /// The format of records described in `docs/audit.md`.
  static let format = 1

  /// The head as the detail of the first record of a file. Certificates are cut into pieces that a
  /// text of a record can hold.
  var detail: KeyValuePairs<String, JSONValue> {
    [
      "format": .integer(Self.format), "key": .string(Hexadecimal.text(key)),
      "keeper": keeper.map { .string($0) } ?? .null,
      "certificates": .array(
        certificates.map { certificate in
          .array(
            stride(from: 0, to: certificate.count, by: 500).map {
              .string(Hexadecimal.text(certificate[$0..<min($0 + 500, certificate.count)]))
            })
        }),
      "certification": .string(Hexadecimal.text(certification)),
    ]
  }

  /// The head that a record holds; nil when it holds none.
  init?(_ record: AuditRecord) {
    guard [.logBegan, .logContinued].contains(record.entry.what),
      record.entry.detail["format"]?.integer == Self.format,
      let key = record.entry.detail["key"]?.string.flatMap({ Hexadecimal.bytes($0, count: 32) })
    else { return nil }
    self.key = key
    keeper = record.entry.detail["keeper"]?.string
    for certificate in record.entry.detail["certificates"]?.array ?? [] {
      let text = (certificate.array ?? []).compactMap(\.string).joined()
      certificates.append(Hexadecimal.bytes(text, count: text.utf8.count / 2) ?? [])
    }
    let text = record.entry.detail["certification"]?.string ?? ""
    certification = Hexadecimal.bytes(text, count: text.utf8.count / 2) ?? []
  }
}
