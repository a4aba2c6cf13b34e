import Foundation
import Testing

@testable import ZorBAReport

/// Leaves the sample page in the folder that `ZORBA_REPORT_SAMPLE` names, for a look in a browser.
@Test(
  "The sample page can be written out",
  .enabled(
    if: ProcessInfo.processInfo.environment["ZORBA_REPORT_SAMPLE"] != nil,
    "set ZORBA_REPORT_SAMPLE to a folder to get the page as a file"))
func writtenPage() throws {
  let folder = try #require(ProcessInfo.processInfo.environment["ZORBA_REPORT_SAMPLE"])
  let file = URL(fileURLWithPath: folder).appendingPathComponent("report.html")
  try Data(RunReport.sample.html().utf8).write(to: file)
  #expect(try Data(contentsOf: file).count == RunReport.sample.html().utf8.count)
}
