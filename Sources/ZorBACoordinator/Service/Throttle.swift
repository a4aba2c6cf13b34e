/// A limit on bytes a second over all downloads of a coordinator, so that a site that fetches a model
/// does not slow the rounds of the others.
package actor Throttle {
  private let bytesPerSecond: Double
  private let clock = ContinuousClock()
  /// When everything granted so far will have been sent.
  private var paidUntil: ContinuousClock.Instant

  /// - Parameter bytesPerSecond: 0 sets no limit.
  package init(bytesPerSecond: Double) {
    self.bytesPerSecond = bytesPerSecond
    paidUntil = clock.now
  }

  /// Returns when so many bytes may be sent.
  package func admit(_ bytes: Int) async throws {
    guard bytesPerSecond > 0 else { return }
    let start = max(paidUntil, clock.now)
    paidUntil = start + .seconds(Double(bytes) / bytesPerSecond)
    if start > clock.now { try await Task.sleep(until: start, clock: clock) }
  }
}
