import ZorBA
import ZorBAJSON
import ZorBAReport

/// What a benchmark leaves beside its cells.
package struct BenchmarkFiles: Sendable {
  package let folder: String

  package init(folder: String) { self.folder = folder }

  package var results: String { "\(folder)/results.json" }
  package var markdown: String { "\(folder)/results.md" }
  package var report: String { "\(folder)/report.html" }

  /// Writes all of them; equal summaries give equal bytes.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package func write(_ summary: BenchmarkSummary) throws {
    let report = BenchmarkReport(summary)
    try RunFolder.write(summary.json.serializedForReading, to: results)
    try RunFolder.write(report.markdown(), to: markdown)
    try RunFolder.write(report.html(), to: self.report)
  }
}
