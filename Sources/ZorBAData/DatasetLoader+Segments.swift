import ZorBADiagnostics
import ZorBAJSON

extension TaskDefinition.Columns {
  /// Bytes of the longest name of a segment.
  static let longestSegment = 256

  /// An example with the segment that its row names; as it was where the task or the row names none.
  ///
  /// - Throws: `ZorBAError` when the column holds an array, an object or a text too long for a name.
  func segmented(_ example: EncodedExample, of row: Row) throws -> EncodedExample {
    guard let segment, let value = row.columns[segment], value != .null else { return example }
    let name = try row.text(of: segment)
    guard name.utf8.count <= Self.longestSegment else {
      throw row.failure(
        "column '\(segment)' holds \(name.utf8.count) bytes, more than a segment's name has",
        column: segment, advice: "Name a column of few short values in fairness.segment.")
    }
    var example = example
    example.segment = name
    return example
  }
}
