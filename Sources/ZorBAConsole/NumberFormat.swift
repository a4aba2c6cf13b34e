/// Numbers as people read them in a terminal.
package enum NumberFormat {
  /// `61.3 %`.
  package static func percent(_ share: Double?) -> String {
    share.map { "\(fixed($0 * 100, 1)) %" } ?? "–"
  }

  /// The loss of a round; sites that keep it to themselves tell 0.
  package static func roundLoss(_ value: Double) -> String {
    value == 0 ? "loss not told" : "loss \(fixed(value, 4))"
  }

  /// A number with so many decimals.
  package static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    var scale = 1
    for _ in 0..<decimals { scale *= 10 }
    let scaled = Int((abs(value) * Double(scale)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard decimals > 0 else { return "\(sign)\(scaled)" }
    let fraction = String(scaled % scale)
    let zeros = String(repeating: "0", count: decimals - fraction.count)
    return "\(sign)\(scaled / scale).\(zeros)\(fraction)"
  }

  /// `8.0 MiB`.
  package static func bytes(_ count: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var value = Double(count)
    var unit = 0
    while value >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return unit == 0 ? "\(count) B" : "\(fixed(value, 1)) \(units[unit])"
  }
}
