/// Starts runs; the command starts processes, tests something quicker.
package protocol RunLauncher {
  associatedtype Running: RunningPart

  /// Starts the run of a run file.
  ///
  /// - Throws: `ZorBAError` when it cannot be started.
  func launch(_ order: RunOrder) throws -> Running
}

/// A run that was started.
package protocol RunningPart {
  /// How it ended and what it used; nil while it goes on.
  func poll() -> (ending: RunEnding, usage: ProcessUsage)?
  /// Asks it to end, and sees to it that it does.
  func end()
}

/// What to run.
package struct RunOrder: Sendable, Equatable {
  package var runFile: String
  /// The folder it leaves its files in.
  package var out: String
  /// Where what it says goes.
  package var log: String
  package var threads: Int?
}

/// How a process ended.
package enum RunEnding: Sendable, Equatable, CustomStringConvertible {
  case exited(Int)
  case killed(signal: Int)

  package var description: String {
    switch self {
    case .exited(let status): "ended with status \(status)"
    // The system's way of saying that memory ran out.
    case .killed(9): "was killed, perhaps for want of memory"
    case .killed(let signal): "ended by signal \(signal)"
    }
  }
}
