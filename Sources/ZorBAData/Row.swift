package import ZorBADiagnostics
package import ZorBAJSON

/// One row of a data file: named values and the place they came from.
package struct Row: Sendable {
  package let file: String
  /// The line the row begins on, from 1.
  package let line: Int
  package let values: JSONObject

  package init(file: String, line: Int, values: JSONObject) {
    self.file = file
    self.line = line
    self.values = values
  }

  /// An error about this row.
  package func failure(
    _ message: String, field: String? = nil, advice: String? = nil
  ) -> ZorBAError {
    ZorBAError(
      .invalidData, message, at: .init(file: file, line: line, field: field), advice: advice)
  }

  /// A column as text; numbers and booleans are written out.
  ///
  /// - Throws: `ZorBAError` naming the columns that exist when this one does not, or is a list.
  package func text(_ column: String) throws -> String {
    guard let value = values[column] else { throw missing(column) }
    switch value {
    case .string(let text): return text
    case .integer, .number, .bool: return value.serialized
    default:
      throw failure("the value is \(value.kind), not text", field: column)
    }
  }

  /// The error for a column that is not there.
  package func missing(_ column: String) -> ZorBAError {
    let names = values.members.map { "'\($0.key)'" }.joined(separator: ", ")
    return failure(
      "there is no column '\(column)'", field: column, advice: "The row has: \(names).")
  }
}
