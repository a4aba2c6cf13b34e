#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A moment in UTC, to the second; years 1970 to 9999.
///
/// UTC has neither time zones nor daylight saving, so every day is 86,400 seconds long and hours
/// mean the same all year.
package struct UTCInstant: Sendable, Hashable, Comparable {
  package let secondsSince1970: Int

  static let secondsPerDay = 86_400
  private static let last = 253_402_300_799

  /// Moments outside the range become the nearest one inside.
  package init(secondsSince1970: Int) {
    self.secondsSince1970 = min(max(secondsSince1970, 0), Self.last)
  }

  /// Midnight at the beginning of a day, counted from 1970-01-01.
  init(startOfDay day: Int) {
    let (seconds, overflow) = day.multipliedReportingOverflow(by: Self.secondsPerDay)
    self.init(secondsSince1970: overflow ? (day < 0 ? 0 : Self.last) : seconds)
  }

  /// The system clock.
  package static var now: UTCInstant { UTCInstant(secondsSince1970: Int(time(nil))) }

  package static func < (left: UTCInstant, right: UTCInstant) -> Bool {
    left.secondsSince1970 < right.secondsSince1970
  }

  func advanced(bySeconds seconds: Int) -> UTCInstant {
    let (sum, overflow) = secondsSince1970.addingReportingOverflow(seconds)
    return UTCInstant(secondsSince1970: overflow ? (seconds < 0 ? 0 : Self.last) : sum)
  }

  /// Days since 1970-01-01.
  package var day: Int { secondsSince1970 / Self.secondsPerDay }

  var minuteOfDay: Int { secondsSince1970 % Self.secondsPerDay / 60 }

  /// 0 is Monday. 1970-01-01 was a Thursday.
  var weekday: Int { (day + 3) % 7 }
}

extension UTCInstant: CustomStringConvertible {
  /// ISO 8601: `2026-11-21T13:08:14Z`.
  package var description: String {
    let second = secondsSince1970 % Self.secondsPerDay
    return "\(date)T\(Self.padded(second / 3600)):\(Self.padded(second / 60 % 60)):"
      + "\(Self.padded(second % 60))Z"
  }

  /// `2026-11-21`, by the proleptic Gregorian calendar.
  var date: String {
    // Years that begin in March put the leap day last; 719,468 days lead from 0000-03-01 to 1970.
    let shifted = day + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1
    let year = era * 400 + yearOfEra + (month >= 10 ? 1 : 0)
    return "\(Self.padded(year, to: 4))-\(Self.padded(month < 10 ? month + 3 : month - 9))-"
      + Self.padded(dayOfMonth)
  }

  private static func padded(_ number: Int, to width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
