/// A table for the terminal: aligned columns, numbers flush right.
///
/// A column whose filled cells all read as numbers (a unit or percent sign may follow) is flush right, as is its
/// heading. Widths count terminal columns, not characters.
package struct TextTable: Equatable, Sendable {
  /// Headings, one for every column.
  package var header: [String]
  /// Cells; short rows are filled with blanks, cells beyond the header get a column of their own.
  package var rows: [[String]]

  package init(header: [String], rows: [[String]] = []) {
    self.header = header
    self.rows = rows
  }

  package mutating func append(_ row: String...) { rows.append(row) }

  /// The table with a rule under its header; lines end without blanks, the last one with a line feed.
  package func rendered() -> String {
    let count = max(header.count, rows.map(\.count).max() ?? 0)
    guard count > 0 else { return "" }
    let cleanHeader = header.map(TextTable.oneLine)
    let cleanRows = rows.map { $0.map(TextTable.oneLine) }
    var widths = [Int](repeating: 1, count: count)
    var isNumeric = [Bool](repeating: false, count: count)
    for column in 0..<count {
      let cells = cleanRows.compactMap { column < $0.count ? $0[column] : nil }
      let filled = cells.filter { !$0.isEmpty }
      isNumeric[column] = !filled.isEmpty && filled.allSatisfy(TextTable.readsAsNumber)
      let heading = column < cleanHeader.count ? [cleanHeader[column]] : []
      widths[column] = max(1, (cells + heading).map(DisplayWidth.of).max() ?? 1)
    }
    var lines = [TextTable.line(cleanHeader, widths, isNumeric)]
    let rules = widths.map { String(repeating: "\u{2500}", count: $0) }
    lines.append(rules.joined(separator: "  "))
    lines += cleanRows.map { TextTable.line($0, widths, isNumeric) }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func line(_ cells: [String], _ widths: [Int], _ isNumeric: [Bool]) -> String {
    var text = ""
    for (column, width) in widths.enumerated() {
      let cell = column < cells.count ? cells[column] : ""
      let padding = String(repeating: " ", count: max(0, width - DisplayWidth.of(cell)))
      text += (column > 0 ? "  " : "") + (isNumeric[column] ? padding + cell : cell + padding)
    }
    while text.hasSuffix(" ") { text.removeLast() }
    return text
  }

  /// A cell cannot break its row or send control sequences to the terminal.
  static func oneLine(_ text: String) -> String {
    var clean = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      // Line separators and direction overrides reach beyond their cell.
      let isLayout =
        (0x2028...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
      clean.append(isControl || isLayout ? " " : scalar)
    }
    return String(clean)
  }

  /// Digits with signs, points and exponents, then at most a unit: "0.62", "1e-6", "12.4 KiB", "61 %".
  private static func readsAsNumber(_ text: String) -> Bool {
    if ["-", "\u{2013}", "\u{2014}", "nan", "inf", "\u{221E}"].contains(text.lowercased()) {
      return true
    }
    let parts = text.split(whereSeparator: { $0 == " " || $0 == "\u{202F}" })
    guard var number = parts.first.map(String.init) else { return false }
    for suffix in ["%", "s", "x", "\u{00D7}"] where number.count > 1 && number.hasSuffix(suffix) {
      number.removeLast()
      break
    }
    let plain = String(number.map { $0 == "\u{2212}" ? "-" : $0 }.filter { $0 != "," })
    return parts.count <= 6 && Double(plain) != nil
  }
}
