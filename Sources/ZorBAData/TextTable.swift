/// A plain table: the first column to the left, numbers to the right, two spaces between.
struct TextTable: CustomStringConvertible {
  var header: [String]
  /// Each as long as the header.
  var rows: [[String]]

  var description: String {
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max() ?? 0
    }
    return ([header] + rows).map { row in
      row.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - row[column].count)
        return column == 0 ? row[column] + padding : padding + row[column]
      }.joined(separator: "  ")
    }.joined(separator: "\n") + "\n"
  }
}
