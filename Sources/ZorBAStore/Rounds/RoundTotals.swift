import GRDB

/// The sums over the rounds of a run.
package struct RoundTotals: Hashable, Sendable {
  package var rounds = 0
  package var seconds = 0.0
  /// Payload of all sites, without framing.
  package var bytesUp = 0
  package var bytesDown = 0
  /// On the wire, TLS records included.
  package var wireReceived = 0
  package var wireSent = 0

  package init() {}

  init(_ row: Row) throws {
    let columns = ColumnReader(row, "round")
    rounds = try columns.integer("rounds")
    seconds = try columns.double("seconds")
    bytesUp = try columns.integer("bytes_up")
    bytesDown = try columns.integer("bytes_down")
    wireReceived = try columns.integer("wire_received")
    wireSent = try columns.integer("wire_sent")
  }
}
