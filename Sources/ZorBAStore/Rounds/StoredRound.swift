import GRDB
import ZorBADiagnostics

/// A committed round as the coordinator remembers it.
package struct StoredRound: Hashable, Sendable {
  /// From 1, as in the journal.
  package var number: Int
  /// The attempt that succeeded, from 1.
  package var attempt: Int
  /// From the assignment to the commit.
  package var seconds: Double
  /// The mean over the sites whose results counted.
  package var loss: Double
  /// Blocks that at least one site trained.
  package var coveredBlocks: Int
  /// Payload of all sites, without framing.
  package var bytesUp: Int
  package var bytesDown: Int
  /// On the wire in the time of the round, TLS records included, seen from the coordinator.
  package var wireReceived: Int
  package var wireSent: Int
  /// The round's line of metrics.jsonl.
  package var metrics: String
  /// Seconds since 1970.
  package var committedAt: Double

  package init(
    number: Int, attempt: Int = 1, seconds: Double, loss: Double, coveredBlocks: Int, bytesUp: Int,
    bytesDown: Int, wireReceived: Int, wireSent: Int, metrics: String, committedAt: Double
  ) {
    self.number = number
    self.attempt = attempt
    self.seconds = seconds
    self.loss = loss
    self.coveredBlocks = coveredBlocks
    self.bytesUp = bytesUp
    self.bytesDown = bytesDown
    self.wireReceived = wireReceived
    self.wireSent = wireSent
    self.metrics = metrics
    self.committedAt = committedAt
  }

  init(_ row: Row) throws {
    let columns = ColumnReader(row, "round")
    self = try StoredRound(
      number: columns.integer("number"), attempt: columns.integer("attempt"),
      seconds: columns.double("seconds"), loss: columns.double("loss"),
      coveredBlocks: columns.integer("covered_blocks"), bytesUp: columns.integer("bytes_up"),
      bytesDown: columns.integer("bytes_down"), wireReceived: columns.integer("wire_received"),
      wireSent: columns.integer("wire_sent"), metrics: columns.text("metrics"),
      committedAt: columns.double("committed_at")
    ).checked()
  }

  /// - Throws: `ZorBAError` naming the value that cannot be.
  func checked() throws -> StoredRound {
    let checks = ValueChecks("round")
    _ = try checks.count(number, "number", from: 1)
    _ = try checks.count(attempt, "attempt", from: 1)
    _ = try checks.measure(seconds, "seconds")
    _ = try checks.finite(loss, "loss")
    _ = try checks.count(coveredBlocks, "covered_blocks")
    _ = try checks.count(bytesUp, "bytes_up")
    _ = try checks.count(bytesDown, "bytes_down")
    _ = try checks.count(wireReceived, "wire_received")
    _ = try checks.count(wireSent, "wire_sent")
    _ = try checks.json(metrics, "metrics")
    _ = try checks.finite(committedAt, "committed_at")
    return self
  }
}
