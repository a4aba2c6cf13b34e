extension PlanDifference {
  /// The difference for people, a line a site; one line that says so when there is none.
  package var text: String {
    guard !isEmpty else { return "the plans are the same\n" }
    var lines: [String] = []
    if let convergence {
      lines.append("Gamma \(Self.short(convergence.before)) -> \(Self.short(convergence.after))")
    }
    if let cycle { lines.append("cycle \(Int(cycle.before)) -> \(Int(cycle.after)) matrices") }
    if let window { lines.append("window \(Int(window.before)) -> \(Int(window.after)) rounds") }
    lines += joined.map { "\($0): joins" }
    lines += left.map { "\($0): leaves" }
    lines += sites.map { "\($0.client): \(Self.parts(of: $0).joined(separator: "; "))" }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func parts(of site: Site) -> [String] {
    var parts: [String] = []
    if !site.gained.isEmpty { parts.append("gains \(ranges(site.gained))") }
    if !site.lost.isEmpty { parts.append("loses \(ranges(site.lost))") }
    for (block, share) in site.shares.sorted(by: { $0.key < $1.key }) {
      parts.append("block \(block) \(percent(share.before)) -> \(percent(share.after)) of rounds")
    }
    for (name, cost) in site.costs.sorted(by: { $0.key < $1.key }) {
      let unit = name == "seconds" ? 1 : name == "memory" ? 0x1p20 : 0x1p10
      let label = name == "seconds" ? "s" : name == "memory" ? "MiB" : "KiB"
      parts.append("\(name) \(short(cost.before / unit)) -> \(short(cost.after / unit)) \(label)")
    }
    return parts
  }

  /// Ascending numbers, runs of them as first-last.
  private static func ranges(_ numbers: [Int]) -> String {
    var runs: [ClosedRange<Int>] = []
    for number in numbers {
      if let last = runs.last, last.upperBound + 1 == number {
        runs[runs.count - 1] = last.lowerBound...number
      } else {
        runs.append(number...number)
      }
    }
    return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ", ")
  }

  private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

  /// About four digits.
  private static func short(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return "\(value)" }
    var scale = 1.0
    while abs(value) * scale < 1000, scale < 1e300 { scale *= 10 }
    while abs(value) * scale >= 10_000, scale > 1e-300 { scale /= 10 }
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
  }
}
