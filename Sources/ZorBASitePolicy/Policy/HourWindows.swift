/// The minutes of a week in which a site answers, UTC.
package struct HourWindows: Sendable, Equatable {
  /// One stretch; it may run over midnight and over the end of the week.
  struct Window: Sendable, Equatable {
    /// Minutes since Monday 00:00, below 10,080.
    let start: Int
    /// 1 to 1,440.
    let minutes: Int

    /// Reads `08:00-18:00`; an end before the start lies on the next day. Nil for anything else.
    init?(_ text: String, weekday: Int) {
      let parts = text.split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 2, let start = Self.minute(parts[0]), let end = Self.minute(parts[1]),
        start < 1440, start != end
      else { return nil }
      self.start = weekday * 1440 + start
      self.minutes = end > start ? end - start : end - start + 1440
    }

    /// `HH:MM` up to `24:00`.
    private static func minute(_ text: Substring) -> Int? {
      let bytes = Array(text.utf8)
      guard bytes.count == 5, bytes[2] == UInt8(ascii: ":") else { return nil }
      let digits = [0, 1, 3, 4].map { Int(bytes[$0]) - 48 }
      guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
      let (hour, minute) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3])
      return minute < 60 && (hour < 24 || hour == 24 && minute == 0) ? hour * 60 + minute : nil
    }
  }

  static let weekdays = [
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
  ]
  private static let week = 7 * 1440

  var windows: [Window]

  /// Whether the site answers at this moment.
  package func contains(_ instant: UTCInstant) -> Bool {
    let minute = instant.weekday * 1440 + instant.minuteOfDay
    return windows.contains { (minute - $0.start + Self.week) % Self.week < $0.minutes }
  }

  /// This moment when it is inside a window, otherwise the next beginning of one; nil when there is
  /// no window in the week.
  package func opening(from instant: UTCInstant) -> UTCInstant? {
    if contains(instant) { return instant }
    let minute = instant.weekday * 1440 + instant.minuteOfDay
    let wait = windows.map { ($0.start - minute + Self.week) % Self.week }.min()
    return wait.map {
      instant.advanced(bySeconds: $0 * 60 - instant.secondsSince1970 % 60)
    }
  }
}

extension HourWindows: CustomStringConvertible {
  /// `monday 08:00-18:00, tuesday 22:00-06:00`.
  package var description: String {
    windows.isEmpty
      ? "never"
      : windows.map { window in
        let end = window.start % 1440 + window.minutes
        return "\(Self.weekdays[window.start / 1440]) \(Self.clock(window.start % 1440))-"
          + Self.clock(end > 1440 ? end - 1440 : end)
      }.joined(separator: ", ")
  }

  static func clock(_ minute: Int) -> String {
    let (hour, minute) = (minute / 60, minute % 60)
    return (hour < 10 ? "0" : "") + "\(hour):" + (minute < 10 ? "0" : "") + "\(minute)"
  }
}
