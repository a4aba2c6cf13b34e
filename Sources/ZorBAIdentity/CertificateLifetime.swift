import ZorBADiagnostics

/// How long a certificate of a site, an operator or the coordinator is valid: 1 hour to 397 days.
package struct CertificateLifetime: Hashable, Sendable {
  package let seconds: Int

  /// 30 days: long enough for holidays, short enough that a forgotten key ends by itself.
  package static let standard = CertificateLifetime(unchecked: 30 * 86_400)

  private init(unchecked seconds: Int) { self.seconds = seconds }

  /// - Throws: `ZorBAError` with code `invalidConfiguration` outside 1 hour to 397 days.
  package init(seconds: Int) throws {
    guard (3600...(397 * 86_400)).contains(seconds) else {
      throw ZorBAError(
        .invalidConfiguration, "a certificate cannot be valid for \(seconds) seconds",
        advice: "Choose 1 hour to 397 days.")
    }
    self.seconds = seconds
  }

  /// - Throws: `ZorBAError` with code `invalidConfiguration` outside 1 hour to 397 days.
  package init(days: Int = 0, hours: Int = 0) throws {
    guard (0...397).contains(days), (0...(397 * 24)).contains(hours) else {
      throw ZorBAError(
        .invalidConfiguration, "a certificate cannot be valid for \(days) days and \(hours) hours",
        advice: "Choose 1 hour to 397 days.")
    }
    try self.init(seconds: days * 86_400 + hours * 3600)
  }
}
