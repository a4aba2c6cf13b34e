package import ZorBADiagnostics
package import ZorBAJSON

/// One row of a data file with the place it came from.
///
/// The columns of a CSV row are strings; those of a JSONL row are whatever the object held.
package struct Row: Sendable {
  /// The file, for errors.
  package let file: String
  /// The line on which the row starts, counted from 1.
  package let line: Int
  /// The columns in file order.
  package let columns: JSONObject

  /// Creates a row.
  package init(file: String, line: Int, columns: JSONObject) {
    self.file = file
    self.line = line
    self.columns = columns
  }

  /// An error at this row.
  package func failure(
    _ message: String, column: String? = nil, advice: String? = nil
  ) -> ZorBAError {
    ZorBAError(
      .invalidData, message, at: .init(file: file, line: line, field: column), advice: advice)
  }

  /// The value of a column that must be there.
  ///
  /// - Throws: `ZorBAError` listing the columns that exist.
  package func value(of column: String) throws -> JSONValue {
    if let value = columns[column] { return value }
    let known = columns.members.prefix(40).map { "'\($0.key)'" }.joined(separator: ", ")
    throw failure(
      "there is no column '\(column)'", column: column,
      advice: known.isEmpty ? "The row has no columns." : "The columns are \(known).")
  }

  /// A column as text: strings as they stand, whole numbers and booleans as they are written.
  ///
  /// - Throws: `ZorBAError` when the column is missing or holds null, an array or an object.
  package func text(of column: String) throws -> String {
    let value = try value(of: column)
    switch value {
    case .string(let text): return text
    case .integer, .number, .bool: return value.serialized
    case .null, .array, .object:
      throw failure(
        "column '\(column)' is \(value.kind), not text", column: column,
        advice: "Give a string, a number or a boolean there.")
    }
  }
}

/// A file read row by row.
protocol RowReader {
  /// The next row, or nil at the end.
  ///
  /// - Throws: `ZorBAError` with the line on which the faulty row starts.
  mutating func next() throws -> Row?
}
