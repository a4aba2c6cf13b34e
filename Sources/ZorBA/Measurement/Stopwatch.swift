/// Where the seconds of a run go.
public struct TimeLedger: Sendable, Hashable {
  /// Seconds in forward passes of training.
  public var forward = 0.0
  /// Seconds in applying committed updates and local steps.
  public var update = 0.0
  /// Seconds in evaluations.
  public var evaluation = 0.0
  /// Seconds since the run began.
  public var total = 0.0

  /// Seconds in everything else.
  public var other: Double { max(0, total - forward - update - evaluation) }

  /// Starts at zero.
  public init() {}

  /// Runs `body` and adds its seconds to one account.
  package mutating func measure<Result>(
    _ account: WritableKeyPath<TimeLedger, Double>, _ body: () throws -> Result
  ) rethrows -> Result {
    let clock = ContinuousClock()
    let start = clock.now
    defer { self[keyPath: account] += (clock.now - start) / .seconds(1) }
    return try body()
  }
}
