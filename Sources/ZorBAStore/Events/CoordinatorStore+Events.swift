import GRDB
import ZorBADiagnostics

extension CoordinatorStore {
  /// Appends events in one transaction; their own identifiers are not looked at.
  package func append(_ events: [StoredEvent]) throws {
    let events = try events.map { try $0.checked() }
    try write { db in
      let insertion = try db.makeStatement(
        sql: """
          INSERT INTO event (time, run, site, round, kind, text, detail)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """)
      for event in events {
        try insertion.execute(arguments: [
          event.time, event.run, event.site, event.round, event.kind, event.text, event.detail,
        ])
      }
    }
  }

  /// Events that match, newest first.
  ///
  /// - Parameter limit: At most so many, and never more than 1,000.
  package func events(
    matching filter: EventFilter = EventFilter(), limit: Int = 100
  ) throws -> [StoredEvent] {
    try read { db in
      var conditions: [String] = []
      var arguments = StatementArguments()
      func require(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
        guard let value else { return }
        conditions.append(condition)
        arguments += [value]
      }
      require("run = ?", filter.run)
      require("site = ?", filter.site)
      require("round = ?", filter.round)
      require("kind = ?", filter.kind)
      require("id < ?", filter.before)
      let condition = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
      arguments += [min(max(limit, 0), 1000)]
      return try Row.fetchAll(
        db, sql: "SELECT * FROM event \(condition) ORDER BY id DESC LIMIT ?", arguments: arguments
      ).map(StoredEvent.init)
    }
  }

  /// Deletes all but the newest events.
  ///
  /// - Returns: How many went.
  @discardableResult
  package func pruneEvents(keeping count: Int) throws -> Int {
    let count = try ValueChecks("event").count(count, "count")
    return try write { db in
      try db.execute(
        sql: """
          DELETE FROM event
          WHERE id <= (SELECT id FROM event ORDER BY id DESC LIMIT 1 OFFSET ?)
          """, arguments: [count])
      return db.changesCount
    }
  }
}
