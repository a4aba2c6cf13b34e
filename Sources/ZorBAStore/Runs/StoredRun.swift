import GRDB
import ZorBADiagnostics

/// A run as the coordinator remembers it.
package struct StoredRun: Hashable, Sendable {
  /// Where a run stands.
  package enum State: String, CaseIterable, Sendable {
    case waiting, running, paused, finished, stopped, failed
  }

  /// Unique in a store.
  package var name: String
  package var state: State
  /// Why it stands where it does, for people; cut off where it gets long.
  package var reason: String
  /// The run folder, in which the journal lies.
  package var folder: String
  /// The resolved text of RUN.yaml.
  package var configuration: String
  /// Seconds since 1970.
  package var createdAt: Double
  /// Whether an operator asked for the pause, so that only an operator ends it.
  package var operatorPaused: Bool

  package init(
    name: String, state: State = .waiting, reason: String = "", folder: String,
    configuration: String, createdAt: Double, operatorPaused: Bool = false
  ) {
    self.name = name
    self.state = state
    self.reason = reason
    self.folder = folder
    self.configuration = configuration
    self.createdAt = createdAt
    self.operatorPaused = operatorPaused
  }

  init(_ row: Row) throws {
    let columns = ColumnReader(row, "run")
    self = try StoredRun(
      name: columns.text("name"), state: columns.named(State.self, "state"),
      reason: columns.text("reason"), folder: columns.text("folder"),
      configuration: columns.text("configuration"), createdAt: columns.double("created_at"),
      operatorPaused: columns.flag("operator_paused")
    ).checked()
  }

  /// The run with its reason cut to length.
  ///
  /// - Throws: `ZorBAError` naming the value that cannot be.
  func checked() throws -> StoredRun {
    let checks = ValueChecks("run")
    var run = self
    run.name = try checks.name(name, "name")
    run.reason = checks.prose(reason)
    run.folder = try checks.text(folder, "folder", limit: 4096)
    run.configuration = try checks.text(configuration, "configuration")
    run.createdAt = try checks.finite(createdAt, "created_at")
    return run
  }
}
