/// What changes about a site round by round.
///
/// The numbers are totals since the site's first round, kept by the coordinator; the store replaces
/// its own by them, so that writing the same ones twice changes nothing.
package struct SiteActivity: Hashable, Sendable {
  /// The last round the site took part in or caught up to; 0 before the first.
  package var lastRound: Int
  /// A moving average; nil until measured.
  package var secondsPerRound: Double?
  /// Assignments that were answered in time.
  package var answers: Int
  /// Assignments that were not.
  package var misses: Int
  /// On the wire, TLS records included, seen from the coordinator.
  package var bytesReceived: Int
  package var bytesSent: Int
  /// Seconds since 1970; nil before the site first came.
  package var lastSeen: Double?

  package init(
    lastRound: Int = 0, secondsPerRound: Double? = nil, answers: Int = 0, misses: Int = 0,
    bytesReceived: Int = 0, bytesSent: Int = 0, lastSeen: Double? = nil
  ) {
    self.lastRound = lastRound
    self.secondsPerRound = secondsPerRound
    self.answers = answers
    self.misses = misses
    self.bytesReceived = bytesReceived
    self.bytesSent = bytesSent
    self.lastSeen = lastSeen
  }

  init(_ columns: ColumnReader) throws {
    try self.init(
      lastRound: columns.integer("last_round"),
      secondsPerRound: columns.doubleIfPresent("seconds_per_round"),
      answers: columns.integer("answers"), misses: columns.integer("misses"),
      bytesReceived: columns.integer("bytes_received"), bytesSent: columns.integer("bytes_sent"),
      lastSeen: columns.doubleIfPresent("last_seen"))
  }

  /// - Throws: `ZorBAError` naming the value that cannot be.
  func checked() throws -> SiteActivity {
    let checks = ValueChecks("site")
    _ = try checks.count(lastRound, "last_round")
    _ = try secondsPerRound.map { try checks.measure($0, "seconds_per_round") }
    _ = try checks.count(answers, "answers")
    _ = try checks.count(misses, "misses")
    _ = try checks.count(bytesReceived, "bytes_received")
    _ = try checks.count(bytesSent, "bytes_sent")
    _ = try lastSeen.map { try checks.finite($0, "last_seen") }
    return self
  }
}
