import ZorBADiagnostics
import ZorBAJSON

/// The rows of a comma- or tab-separated file with a header row (RFC 4180).
///
/// A reader of our own because the package at hand, SwiftCSV 0.10, cannot be strict: it holds the
/// whole file as one string, reports no line numbers, fills up short rows with empty fields, drops
/// surplus ones, accepts a quote that is never closed and strips spaces that belong to a field.
///
/// - Fields may be quoted; inside quotes stand delimiters, line breaks and doubled quotes.
/// - Rows end in LF or CRLF, the last one may lack its end. Blank lines are skipped.
/// - A quote inside a field that does not begin with one is an ordinary character.
/// - Errors name the line on which the row starts: a wrong number of fields, a quote that is not
///   closed, text after a closing quote, a carriage return without line feed, bytes that are not
///   UTF-8, a column name that appears twice.
struct DelimitedReader: RowReader {
  private let stream: ByteStream
  private let delimiter: UInt8
  private var header: [String] = []
  private var field: [UInt8] = []

  /// Reads the header row.
  init(_ stream: ByteStream, delimiter: UInt8) throws {
    self.stream = stream
    self.delimiter = delimiter
    guard let (line, names) = try nextRecord() else {
      throw ZorBAError(
        .invalidData, "there is no header row", at: .init(file: stream.file, line: 1),
        advice: "Name the columns in the first row.")
    }
    var seen = JSONObject()
    for name in names where !seen.append(.init(key: name, value: .null)) {
      throw failure("column '\(name)' appears twice in the header", line)
    }
    header = names
  }

  mutating func next() throws -> Row? {
    guard let (line, fields) = try nextRecord() else { return nil }
    guard fields.count == header.count else {
      throw failure(
        "the row has \(fields.count) fields, the header has \(header.count)", line,
        advice: "Quote fields that contain the delimiter, and write empty fields out.")
    }
    var columns = JSONObject()
    for (name, field) in zip(header, fields) {
      _ = columns.append(.init(key: name, value: .string(field), line: line))
    }
    return Row(file: stream.file, line: line, columns: columns)
  }

  private func failure(_ message: String, _ line: Int, advice: String? = nil) -> ZorBAError {
    ZorBAError(.invalidData, message, at: .init(file: stream.file, line: line), advice: advice)
  }

  private enum FieldEnd {
    case delimiter
    case row
  }

  private mutating func nextRecord() throws -> (line: Int, fields: [String])? {
    try skipBlankLines()
    guard try stream.peek() != nil else { return nil }
    let line = stream.line
    var fields: [String] = []
    var length = 0
    while true {
      let end = try readField(row: line)
      guard let text = String(validating: field, as: UTF8.self) else {
        throw failure("field \(fields.count + 1) of the row is not valid UTF-8", line)
      }
      fields.append(text)
      length += field.count + 1
      try stream.checkLength(length, from: line)
      if end == .row { return (line, fields) }
    }
  }

  /// Skips empty lines, and a carriage return only together with its line feed.
  private func skipBlankLines() throws {
    while let byte = try stream.peek() {
      switch byte {
      case UInt8(ascii: "\n"): _ = try stream.next()
      case UInt8(ascii: "\r"):
        let line = stream.line
        _ = try stream.next()
        try expectLineFeed(row: line)
      default: return
      }
    }
  }

  private func expectLineFeed(row: Int) throws {
    guard try stream.next() == UInt8(ascii: "\n") else {
      throw failure(
        "a carriage return without a line feed", row,
        advice: "End rows with LF or CRLF, and quote fields with line breaks in them.")
    }
  }

  /// Reads one field into `field` and consumes what ends it.
  private mutating func readField(row: Int) throws -> FieldEnd {
    field.removeAll(keepingCapacity: true)
    if try stream.peek() == UInt8(ascii: "\"") {
      _ = try stream.next()
      return try readQuotedField(row: row)
    }
    try stream.takeRun(into: &field, row: row) { [delimiter] in
      $0 == delimiter || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r")
    }
    return try stream.next().flatMap { try fieldEnd($0, row: row) } ?? .row
  }

  private mutating func readQuotedField(row: Int) throws -> FieldEnd {
    while true {
      try stream.takeRun(into: &field, row: row) { $0 == UInt8(ascii: "\"") }
      guard try stream.next() != nil else { break }
      guard let following = try stream.next() else { return .row }
      if following == UInt8(ascii: "\"") {
        field.append(following)
      } else if let end = try fieldEnd(following, row: row) {
        return end
      } else {
        throw failure(
          "text after a closing quote", row,
          advice: "Double the quotes inside a quoted field: \"\".")
      }
    }
    throw failure("a quote is never closed", row, advice: "Close it, or double quotes in the text.")
  }

  private func fieldEnd(_ byte: UInt8, row: Int) throws -> FieldEnd? {
    switch byte {
    case delimiter: return .delimiter
    case UInt8(ascii: "\n"): return .row
    case UInt8(ascii: "\r"):
      try expectLineFeed(row: row)
      return .row
    default: return nil
    }
  }
}
