#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A moment in UTC, to the millisecond, as records write it: `2026-03-01T12:00:00.123Z`.
///
/// Invariant: within the years 1970 to 9999. Dates follow the proleptic Gregorian calendar, without
/// leap seconds (H. Hinnant, chrono-compatible low-level date algorithms).
package struct AuditTime: Sendable, Hashable, Comparable {
  /// Since 1970-01-01T00:00:00Z.
  package let milliseconds: Int64

  /// The last millisecond of the year 9999.
  static let latest: Int64 = 253_402_300_799_999

  /// A moment; one outside the years 1970 to 9999 becomes the nearest within.
  package init(milliseconds: Int64) {
    self.milliseconds = min(max(0, milliseconds), Self.latest)
  }

  /// The moment that a text names, if it is exactly what `description` writes.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 24 else { return nil }
    func number(_ range: Range<Int>) -> Int64? {
      var value: Int64 = 0
      for byte in bytes[range] {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        value = value * 10 + Int64(byte - UInt8(ascii: "0"))
      }
      return value
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      let fraction = number(20..<23), (1...12).contains(month), (1...31).contains(day), hour < 24,
      minute < 60, second < 60, year >= 1970
    else { return nil }
    let days = Self.days(year: year, month: month, day: day)
    self.init(
      milliseconds: ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + fraction)
    // A 31st of April, or other separators, do not come back as they went.
    guard description.utf8.elementsEqual(bytes) else { return nil }
  }

  /// Now, by the system's clock.
  package static var now: AuditTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return AuditTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  package static func < (left: AuditTime, right: AuditTime) -> Bool {
    left.milliseconds < right.milliseconds
  }

  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}

extension AuditTime: CustomStringConvertible {
  /// `2026-03-01T12:00:00.123Z`.
  package var description: String {
    let days = milliseconds / 86_400_000 + 719_468
    let (era, dayOfEra) = (days / 146_097, days % 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let rest = milliseconds % 86_400_000
    func digits(_ value: Int64, _ count: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
    return "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))T"
      + "\(digits(rest / 3_600_000, 2)):\(digits(rest / 60_000 % 60, 2)):"
      + "\(digits(rest / 1000 % 60, 2)).\(digits(rest % 1000, 3))Z"
  }
}
