import Synchronization

/// How far into a run a site has agreed to sessions.
package struct SessionMark: Sendable, Hashable, Comparable {
  /// The round, as the run counts it.
  package var round: Int
  /// The attempt at the round.
  package var attempt: Int

  /// Creates a mark.
  package init(round: Int, attempt: Int) {
    self.round = round
    self.attempt = attempt
  }

  /// Whether `left` comes before `right`: rounds first, then attempts.
  package static func < (left: Self, right: Self) -> Bool {
    (left.round, left.attempt) < (right.round, right.attempt)
  }
}

/// What a site remembers of the sessions it agreed to, so that none is run twice.
///
/// A session that is run twice with the same vector but other survivors tells the difference of two
/// sums. A site therefore takes part in every attempt at a round once, and never goes back.
package protocol SessionMemory: Sendable {
  /// The latest session of the run that this site agreed to, or nil where there was none.
  func latest(federation: String, run: String) throws -> SessionMark?

  /// Remembers a session before its first message leaves.
  ///
  /// An implementation that outlives the process must have the mark on disk when it returns.
  func remember(_ mark: SessionMark, federation: String, run: String) throws
}

/// A memory that lasts as long as the process.
package final class VolatileSessionMemory: SessionMemory {
  private let marks = Mutex<[[String]: SessionMark]>([:])

  /// Creates a memory of nothing.
  package init() {}

  /// The latest session of the run since this was created.
  package func latest(federation: String, run: String) -> SessionMark? {
    marks.withLock { $0[[federation, run]] }
  }

  /// Remembers the session until the process ends.
  package func remember(_ mark: SessionMark, federation: String, run: String) {
    marks.withLock { $0[[federation, run]] = mark }
  }
}
