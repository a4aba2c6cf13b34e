import Testing
import ZorBATestSupport

@testable import ZorBAAudit

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct AuditTimeTests {
  @Test func agreesWithTheSystemsCalendarOverTheWholeRange() throws {
    var generator = SeededGenerator(seed: 1)
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
    for _ in 0..<5000 {
      let time = AuditTime(milliseconds: Int64.random(in: 0...AuditTime.latest, using: &generator))
      let date = Date(timeIntervalSince1970: Double(time.milliseconds / 1000))
      let parts = calendar.dateComponents(
        [.year, .month, .day, .hour, .minute, .second], from: date)
      let text = time.description
      let fields = text.split { !$0.isNumber }.compactMap { Int($0) }
      #expect(
        fields == [
          parts.year ?? 0, parts.month ?? 0, parts.day ?? 0, parts.hour ?? 0, parts.minute ?? 0,
          parts.second ?? 0, Int(time.milliseconds % 1000),
        ])
      #expect(AuditTime(text) == time)
    }
  }

  @Test(arguments: [
    "2026-02-29T00:00:00.000Z", "2026-04-31T00:00:00.000Z", "2026-03-01 00:00:00.000Z",
    "2026-03-01T24:00:00.000Z", "2026-03-01T00:00:60.000Z", "1969-12-31T23:59:59.999Z",
    "2026-03-01T00:00:00.000+", "2026-03-01T00:00:00Z", "",
  ])
  func refusesWhatItDoesNotWrite(text: String) { #expect(AuditTime(text) == nil) }
}
