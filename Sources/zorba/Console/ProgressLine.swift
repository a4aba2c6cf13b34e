/// How far a long job is: one redrawn line on a terminal, a plain line now and then elsewhere.
struct ProgressLine {
  private let label: String
  private let total: Int
  private let startedAt: Int
  private let isQuiet: Bool
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var lastDrawn: ContinuousClock.Instant?

  /// - Parameters:
  ///   - label: What is being done.
  ///   - total: Steps in all.
  ///   - startedAt: Steps that were done before this process began.
  init(label: String, total: Int, startedAt: Int = 0, isQuiet: Bool) {
    self.label = label
    self.total = total
    self.startedAt = startedAt
    self.isQuiet = isQuiet
    self.start = clock.now
  }

  /// Shows that `done` steps are finished; `detail` is the current loss or the like.
  mutating func update(done: Int, detail: String) {
    guard !isQuiet else { return }
    let now = clock.now
    let pause: Duration = Console.isInteractive ? .milliseconds(100) : .seconds(10)
    if let lastDrawn, now - lastDrawn < pause, done < total { return }
    lastDrawn = now
    let seconds = (now - start) / .seconds(1)
    let rate = seconds > 0 ? Double(done - startedAt) / seconds : 0
    let left = rate > 0 ? "\(Self.duration(Double(total - done) / rate)) left" : ""
    let speed = rate >= 10 ? "\(Int(rate.rounded()))/s" : "\(Self.rounded(rate))/s"
    var line = "\(label) \(done)/\(total)  \(speed)  \(left)  \(detail)"
    if Console.isInteractive {
      line = String(line.prefix(max(20, Console.width - 1)))
      Console.error("\r\u{1B}[K\(line)")
    } else {
      Console.error(line + "\n")
    }
  }

  /// Leaves the last state standing on a line of its own.
  func finish() {
    if Console.isInteractive, !isQuiet, lastDrawn != nil { Console.error("\n") }
  }

  /// Removes the line, to make room for a message.
  func clear() {
    if Console.isInteractive, !isQuiet, lastDrawn != nil { Console.error("\r\u{1B}[K") }
  }

  private static func rounded(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
  }

  /// `1h05m`, `3m20s` or `12s`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e8 else { return "?" }
    let whole = Int(seconds.rounded())
    if whole >= 3600 { return "\(whole / 3600)h\(whole % 3600 / 60)m" }
    if whole >= 60 { return "\(whole / 60)m\(whole % 60)s" }
    return "\(whole)s"
  }
}
