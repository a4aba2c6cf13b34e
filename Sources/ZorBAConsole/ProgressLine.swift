/// How far a long job is: one redrawn line on a terminal, a plain line now and then elsewhere.
package struct ProgressLine {
  private let label: String
  /// Steps in all; may be corrected while they go on.
  package var total: Int
  private let isQuiet: Bool
  private let clock = ContinuousClock()
  /// The first step seen: what lies before it, such as loading, does not count for the rate.
  private var first: (done: Int, at: ContinuousClock.Instant)?
  private var lastDrawn: ContinuousClock.Instant?

  /// - Parameters:
  ///   - label: What is being done.
  ///   - total: Steps in all.
  ///   - isQuiet: Whether nothing is shown.
  package init(label: String, total: Int, isQuiet: Bool) {
    self.label = label
    self.total = total
    self.isQuiet = isQuiet
  }

  /// Shows that `done` steps are finished; `detail` is the current loss or the like.
  package mutating func update(done: Int, detail: String) {
    guard !isQuiet else { return }
    let now = clock.now
    let first = first ?? (done, now)
    self.first = first
    let pause: Duration = Console.isInteractive ? .milliseconds(100) : .seconds(10)
    if let lastDrawn, now - lastDrawn < pause, done < total { return }
    lastDrawn = now
    var parts = ["\(label) \(done)/\(total)"]
    let seconds = (now - first.at) / .seconds(1)
    if done > first.done, seconds > 0 {
      let rate = Double(done - first.done) / seconds
      parts.append("\(NumberFormat.fixed(rate, rate < 10 ? 2 : 0))/s")
      if done < total { parts.append("\(Self.duration(Double(total - done) / rate)) left") }
    }
    if !detail.isEmpty { parts.append(detail) }
    let line = parts.joined(separator: "  ")
    if Console.isInteractive {
      Console.error("\r\u{1B}[K\(line.prefix(max(20, Console.width - 1)))")
    } else {
      Console.error(line + "\n")
    }
  }

  /// Leaves the last state standing on a line of its own.
  package func finish() {
    if Console.isInteractive, !isQuiet, lastDrawn != nil { Console.error("\n") }
  }

  /// Removes the line, to make room for a message.
  package func clear() {
    if Console.isInteractive, !isQuiet, lastDrawn != nil { Console.error("\r\u{1B}[K") }
  }

  /// `1h05m`, `3m20s` or `12s`.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e8 else { return "?" }
    let whole = Int(seconds.rounded())
    if whole >= 3600 { return "\(whole / 3600)h\(padded(whole % 3600 / 60))m" }
    if whole >= 60 { return "\(whole / 60)m\(padded(whole % 60))s" }
    return "\(whole)s"
  }

  private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
