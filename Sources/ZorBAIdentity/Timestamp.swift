#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

/// Moments as certificates, registers and sentences write them: UTC, whole seconds, ISO 8601.
package enum Timestamp {
  /// `2026-03-01T12:00:00Z`.
  package static func text(_ date: Date) -> String { date.formatted(.iso8601) }

  /// The moment, or nil unless the text is exactly what `text` writes.
  static func date(_ text: String) -> Date? {
    guard text.utf8.count == 20, let date = try? Date(text, strategy: .iso8601),
      self.text(date) == text
    else { return nil }
    return date
  }

  /// The moment without its fraction of a second, which no certificate can hold.
  static func wholeSeconds(_ date: Date) -> Date {
    Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
  }
}
