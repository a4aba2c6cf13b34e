/// What an agent tells whoever watches it.
package enum AgentNotice: Sendable {
  /// It is connected, or tries again after so many seconds because of a fault.
  case connected(coordinator: String)
  case disconnected(reason: String, retrySeconds: Double)
  /// It takes part in a run.
  case joined(run: String, round: Int, rounds: Int)
  /// It brings its weights up to date.
  case catchingUp(what: String)
  /// Part of a download is done, in bytes.
  case downloading(file: String, done: UInt64, total: UInt64)
  /// An answer left the site.
  case answered(round: Int, rounds: Int, loss: Double, bytes: Int, seconds: Double)
  /// The site has a fresh certificate.
  case renewed
  /// A round was applied to the weights.
  case applied(round: Int, rounds: Int)
  /// The site's policy kept something in.
  case refused(String)
  /// Something the owner should know.
  case warning(String)
  /// The run stands still.
  case paused(String)
}

/// How an agent ended.
package enum AgentOutcome: Sendable, Equatable {
  /// The run is over and the site has all of it.
  case finished(run: String, round: Int, digest: String)
  /// An operator ended the run.
  case stopped(String)
  /// The site was asked to end.
  case interrupted
}
