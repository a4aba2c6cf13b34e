import Testing
import ZorBASitePolicy
import ZorBATestSupport

extension HourWindows {
  static let days = [
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
  ]

  /// Windows as `monday 08:00-18:00`, read through a policy.
  static func of(_ windows: [String]) -> HourWindows {
    var byDay: [String: [String]] = [:]
    for window in windows {
      let parts = window.split(separator: " ").map(String.init)
      byDay[parts[0], default: []].append("\"\(parts[1])\"")
    }
    let text = days.compactMap { day in
      byDay[day].map { "\(day): [\($0.joined(separator: ", "))]" }
    }.joined(separator: ", ")
    let policy = try? PolicyText().with(.hours, "{\(text)}").policy()
    return policy?.hours ?? HourWindows.never
  }

  static var never: HourWindows {
    guard let hours = try? PolicyText().with(.hours, "{}").policy().hours else {
      preconditionFailure("an empty section of hours is readable")
    }
    return hours
  }
}

@Suite struct HoursTests {
  private static func at(_ day: Int, _ hour: Int, _ minute: Int, _ second: Int = 0) -> UTCInstant {
    // 1970-01-05 was the first Monday.
    UTCInstant(secondsSince1970: (4 + day) * 86_400 + hour * 3600 + minute * 60 + second)
  }

  @Test func windowsIncludeTheirStartAndNotTheirEnd() {
    let hours = HourWindows.of(["tuesday 08:00-18:00"])
    #expect(!hours.contains(Self.at(1, 7, 59, 59)))
    #expect(hours.contains(Self.at(1, 8, 0)))
    #expect(hours.contains(Self.at(1, 17, 59, 59)))
    #expect(!hours.contains(Self.at(1, 18, 0)))
    #expect(!hours.contains(Self.at(2, 9, 0)))
    #expect(hours.opening(from: Self.at(1, 7, 59, 59)) == Self.at(1, 8, 0))
    #expect(hours.opening(from: Self.at(1, 18, 0)) == Self.at(8, 8, 0))
    #expect(hours.opening(from: Self.at(1, 9, 0, 7)) == Self.at(1, 9, 0, 7))
  }

  @Test func windowsRunOverMidnightAndTheWeeksEnd() {
    let hours = HourWindows.of(["sunday 22:00-06:00"])
    #expect(hours.contains(Self.at(6, 23, 0)))
    #expect(hours.contains(Self.at(7, 0, 0)))
    #expect(hours.contains(Self.at(0, 5, 59, 59)))
    #expect(!hours.contains(Self.at(0, 6, 0)))
    #expect(!hours.contains(Self.at(6, 5, 0)))
    #expect(HourWindows.of(["monday 00:00-24:00"]).contains(Self.at(0, 23, 59, 59)))
    #expect(!HourWindows.of(["monday 00:00-24:00"]).contains(Self.at(1, 0, 0)))
  }

  @Test func noWindowNeverOpens() {
    #expect(HourWindows.never.opening(from: .monday) == nil)
    #expect(!HourWindows.never.contains(.monday))
  }

  /// In UTC a wall clock never jumps: the same minute of the week has the same answer all year, and
  /// an opening is the first minute inside.
  @Test func openingsAreTheFirstMinuteInside() {
    var generator = SeededGenerator(seed: 3)
    func clock(_ minute: Int) -> String {
      let pad = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
      return "\(pad(minute / 60)):\(pad(minute % 60))"
    }
    for _ in 0..<60 {
      let windows = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
        let start = Int.random(in: 0..<1440, using: &generator)
        let end = (start + Int.random(in: 1..<1440, using: &generator)) % 1440
        return "\(HourWindows.days.randomElement(using: &generator) ?? "monday") "
          + "\(clock(start))-\(clock(end))"
      }
      let hours = HourWindows.of(windows)
      let year = 365 * 86_400 * Int.random(in: 0...80, using: &generator)
      let now = UTCInstant(
        secondsSince1970: year + Int.random(in: 0..<(365 * 86_400), using: &generator))
      let later = UTCInstant(secondsSince1970: now.secondsSince1970 + 26 * 7 * 86_400)
      #expect(hours.contains(now) == hours.contains(later))
      var first = now
      while !hours.contains(first) {
        first = UTCInstant(secondsSince1970: (first.secondsSince1970 / 60 + 1) * 60)
      }
      #expect(hours.opening(from: now) == first)
    }
  }

  @Test func datesFollowTheCalendar() {
    var (year, month, day) = (1970, 1, 1)
    func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    for number in 0..<160_000 {
      let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
      let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      // Every day around month ends, else one in seventeen.
      if day == 1 || day == lengths[month - 1] || number % 17 == 0 {
        let instant = UTCInstant(secondsSince1970: number * 86_400 + 3661)
        #expect(instant.description == "\(year)-\(pad(month))-\(pad(day))T01:01:01Z")
      }
      day += 1
      if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
  }

  @Test(arguments: [Int.min, -1, Int.max])
  func momentsOutOfRangeAreTheNearestInside(_ seconds: Int) {
    let text = UTCInstant(secondsSince1970: seconds).description
    #expect(text == (seconds < 0 ? "1970-01-01T00:00:00Z" : "9999-12-31T23:59:59Z"))
  }
}
