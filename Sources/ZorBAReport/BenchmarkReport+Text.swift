extension BenchmarkReport {
  /// The report as Markdown.
  package func markdown() -> String {
    var text = "# \(Self.plain(title))\n"
    if !summary.isEmpty { text += "\n\(Self.plain(summary))\n" }
    for note in notes {
      text += "\n\(note.kind == .warning ? "**Warning.** " : "")\(Self.plain(note.text))\n"
    }
    for comparison in comparisons {
      text += "\n## \(Self.plain(comparison.title))\n"
      for table in comparison.tables {
        text += "\n### \(table.title)\n\n" + Self.markdown(table)
      }
    }
    if !methods.isEmpty {
      text += "\n## Methods\n\n"
      for method in methods {
        text += "- **\(Self.plain(method.name))**: \(Self.plain(method.value))\n"
      }
    }
    if !failures.isEmpty {
      text += "\n## Cells that failed\n\n"
      for failure in failures {
        text += "- \(Self.plain(failure.name)): \(Self.plain(failure.value))\n"
      }
    }
    return text + "\n\(intervalRemark)\n"
  }

  /// The tables as a terminal shows them.
  package func terminalText() -> String {
    comparisons.map { comparison in
      TextTable.oneLine(comparison.title) + "\n\n"
        + comparison.tables.map { table in
          table.title + "\n" + TextTable(header: table.head, rows: table.rows).rendered()
        }.joined(separator: "\n")
    }.joined(separator: "\n")
      + failures.map { "\nfailed: " + TextTable.oneLine("\($0.name): \($0.value)") }.joined()
      + (failures.isEmpty ? "" : "\n")
  }

  /// What the figures behind plus-minus signs are.
  var intervalRemark: String {
    "Figures are means over seeds; ± is half a \(NumberText.percent(confidence, digits: 0)) "
      + "confidence interval by Student's t, left out for a single seed."
  }

  private static func markdown(_ table: BenchmarkTable) -> String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    let rule = table.head.indices.map { $0 < table.numbersFrom ? "---" : "---:" }
    return line(table.head) + line(rule) + table.rows.map { line($0.map(plain)) }.joined()
  }

  /// A text that neither breaks its line nor its cell.
  private static func plain(_ text: String) -> String {
    TextTable.oneLine(text).replacing("|", with: "\\|")
  }
}
