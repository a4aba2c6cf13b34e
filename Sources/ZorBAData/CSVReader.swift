import ZorBADiagnostics
import ZorBAJSON

/// Reads RFC 4180 text with a header row.
///
/// Ours rather than a package's because a bad row has to be named by the line it begins on: the CSV
/// package that is at hand gives no lines, and takes unclosed quotes and short rows in silence.
struct CSVReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let file: String
  private let separator: UInt8
  private var position = 0
  private var line = 1

  static func read(
    _ bytes: UnsafeBufferPointer<UInt8>, file: String, separator: UInt8,
    _ body: (Row) throws -> Void
  ) throws {
    var reader = CSVReader(bytes: bytes, file: file, separator: separator)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position = 3 }
    guard let header = try reader.record() else { return }
    try reader.check(header)
    while let record = try reader.record() {
      if record.fields == [""] { continue }
      guard record.fields.count == header.fields.count else {
        throw ZorBAError(
          .invalidData,
          "the row has \(record.fields.count) fields, the header \(header.fields.count)",
          at: .init(file: file, line: record.line),
          advice: "Quote fields that contain the separator, a quote or a line break.")
      }
      var values = JSONObject()
      for (name, field) in zip(header.fields, record.fields) {
        _ = values.append(.init(key: name, value: .string(field), line: record.line))
      }
      try body(Row(file: file, line: record.line, values: values))
    }
  }

  private init(bytes: UnsafeBufferPointer<UInt8>, file: String, separator: UInt8) {
    self.bytes = bytes
    self.file = file
    self.separator = separator
  }

  private struct Record {
    var line: Int
    var fields: [String]
  }

  private func check(_ header: Record) throws {
    var seen: Set<String> = []
    for name in header.fields where !seen.insert(name).inserted {
      throw ZorBAError(
        .invalidData, "two columns are called '\(name)'", at: .init(file: file, line: header.line),
        advice: "Give every column a name of its own in the first row.")
    }
  }

  private mutating func record() throws -> Record? {
    guard position < bytes.count else { return nil }
    let start = position
    var record = Record(line: line, fields: [])
    while true {
      record.fields.append(try field(rowLine: record.line))
      if position - start > RowFile.maximumRowBytes {
        throw failure("the row has more than \(RowFile.maximumRowBytes) bytes", record.line)
      }
      guard position < bytes.count else { return record }
      let byte = bytes[position]
      position += 1
      if byte == separator { continue }
      if byte == UInt8(ascii: "\r"), position < bytes.count,
        bytes[position] == UInt8(ascii: "\n")
      {
        position += 1
      }
      line += 1
      return record
    }
  }

  /// A field, leaving the position at the separator, line break or end behind it.
  private mutating func field(rowLine: Int) throws -> String {
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
      let start = position
      while position < bytes.count, !isFieldEnd(bytes[position]) { position += 1 }
      return try text(Array(bytes[start..<position]), rowLine: rowLine)
    }
    position += 1
    var content: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
          guard position == bytes.count || isFieldEnd(bytes[position]) else {
            throw failure("there is text behind a closing quote", rowLine)
          }
          return try text(content, rowLine: rowLine)
        }
        position += 1
      } else if byte == UInt8(ascii: "\n") {
        line += 1
      }
      content.append(byte)
    }
    throw failure("a quote is not closed", rowLine)
  }

  private func isFieldEnd(_ byte: UInt8) -> Bool {
    byte == separator || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
  }

  private func text(_ bytes: [UInt8], rowLine: Int) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw failure("a field is not UTF-8", rowLine)
    }
    return text
  }

  private func failure(_ message: String, _ line: Int) -> ZorBAError {
    ZorBAError(
      .invalidData, message, at: .init(file: file, line: line),
      advice: "The row must follow RFC 4180: quotes inside a quoted field are doubled.")
  }
}
