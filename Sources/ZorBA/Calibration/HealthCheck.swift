package import ZorBAJSON

/// One thing about a machine that a run depends on, and how it is.
package struct HealthCheck: Sendable, Equatable {
  /// How it is.
  package enum Status: String, Sendable, CaseIterable {
    case ok
    /// It works, worse than it could.
    case warning
    /// Runs will fail.
    case problem
  }

  /// What was looked at.
  package var name: String
  package var status: Status
  /// What was found.
  package var finding: String
  /// What to do about it.
  package var advice: String?

  package init(_ name: String, _ status: Status, _ finding: String, advice: String? = nil) {
    self.name = name
    self.status = status
    self.finding = finding
    self.advice = advice
  }

  /// One element of the list that `zorba doctor --json` prints.
  package var json: JSONValue {
    [
      "name": .string(name), "status": .string(status.rawValue), "finding": .string(finding),
      "advice": advice.map { .string($0) } ?? .null,
    ]
  }

  /// Bytes as a person reads them.
  static func bytes(_ count: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    var tenths = count.multipliedReportingOverflow(by: 10).partialValue
    guard count >= 1024, count < 1 << 59 else { return "\(count) B" }
    var unit = 0
    while tenths >= 10_240, unit < units.count - 1 {
      tenths /= 1024
      unit += 1
    }
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }
}
