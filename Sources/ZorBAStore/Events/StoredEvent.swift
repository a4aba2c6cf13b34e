import GRDB
import ZorBADiagnostics

/// Something that happened, for people and audits; the log of them only grows at its end.
package struct StoredEvent: Hashable, Sendable {
  /// Given by the store, increasing and never given twice.
  package var id: Int
  /// Seconds since 1970.
  package var time: Double
  package var run: String?
  package var site: String?
  package var round: Int?
  /// A name for programs, such as `site.quarantined`.
  package var kind: String
  /// The event for people; cut off where it gets long.
  package var text: String
  /// More for programs: a JSON object on one line.
  package var detail: String?

  package init(
    id: Int = 0, time: Double, run: String? = nil, site: String? = nil, round: Int? = nil,
    kind: String, text: String, detail: String? = nil
  ) {
    self.id = id
    self.time = time
    self.run = run
    self.site = site
    self.round = round
    self.kind = kind
    self.text = text
    self.detail = detail
  }

  init(_ row: Row) throws {
    let columns = ColumnReader(row, "event")
    self = try StoredEvent(
      id: columns.integer("id"), time: columns.double("time"), run: columns.textIfPresent("run"),
      site: columns.textIfPresent("site"), round: columns.integerIfPresent("round"),
      kind: columns.text("kind"), text: columns.text("text"),
      detail: columns.textIfPresent("detail")
    ).checked()
  }

  /// The event with its text cut to length.
  ///
  /// - Throws: `ZorBAError` naming the value that cannot be.
  func checked() throws -> StoredEvent {
    let checks = ValueChecks("event")
    var event = self
    event.time = try checks.finite(time, "time")
    event.run = try run.map { try checks.name($0, "run") }
    event.site = try site.map { try checks.name($0, "site") }
    event.round = try round.map { try checks.count($0, "round") }
    event.kind = try checks.name(kind, "kind")
    event.text = checks.prose(text)
    event.detail = try detail.map { try checks.json($0, "detail") }
    return event
  }
}
