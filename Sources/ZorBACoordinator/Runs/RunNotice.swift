package import ZorBA

/// What a run tells whoever watches the coordinator.
package enum RunNotice: Sendable {
  /// A round is committed.
  case committed(run: String, RoundMetrics, rounds: Int)
  /// An evaluation is complete.
  case evaluated(run: String, Evaluation, round: Int)
  /// The coordinator's replica was measured on rows of the coordinator's own.
  case measured(run: String, Evaluation, round: Int)
  /// The run is in another state.
  case state(run: String, RunState)
  /// The run goes in the clear although its file leaves that to the coordinator.
  case clear(run: String, because: String)
  /// Something the operator should know.
  case warning(run: String, String)
}

/// Where a run stands, for people and the store.
package struct RunState: Sendable, Equatable {
  /// The kinds of state.
  package enum Kind: String, Sendable {
    case waiting, running, pausing, paused, finished, stopped, failed
  }

  package var kind: Kind
  /// Why, where that is not plain.
  package var reason: String

  package init(_ kind: Kind, _ reason: String = "") {
    self.kind = kind
    self.reason = reason
  }

  /// Whether nothing more will happen in the run.
  package var isFinal: Bool { kind == .finished || kind == .stopped }
}
