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
/// A site takes part in every attempt at a round once, and never goes back. Attempts at one round sum
/// the same vectors, so two sums with other survivors would tell their difference: the site remembers
/// the survivors whose sums it helped to unmask, too.
package protocol SessionMemory: Sendable {
  /// The latest session of the run that this site agreed to, or nil where there was none.
  func latest(federation: String, run: String) throws -> SessionMark?

  /// Remembers a session before its first message leaves.
  ///
  /// An implementation that outlives the process must have the mark on disk when it returns.
  func remember(_ mark: SessionMark, federation: String, run: String) throws

  /// The lists of survivors, as client numbers, whose sums this site helped to unmask in a round.
  func unmasked(round: Int, federation: String, run: String) throws -> [[Int]]

  /// Remembers survivors before the shares that unmask their sum leave; lists of earlier rounds may
  /// be forgotten.
  func rememberUnmasked(
    _ survivors: [Int], round: Int, federation: String, run: String) throws
}

extension SessionMemory {
  /// None, for a memory that does not keep them: its site cannot tell differences of attempts.
  package func unmasked(round: Int, federation: String, run: String) throws -> [[Int]] { [] }

  /// Forgets at once.
  package func rememberUnmasked(
    _ survivors: [Int], round: Int, federation: String, run: String
  ) throws {}
}

/// A memory that lasts as long as the process.
package final class VolatileSessionMemory: SessionMemory {
  private struct Entry {
    var mark: SessionMark?
    var round = 0
    var unmasked: [[Int]] = []
  }

  private let entries = Mutex<[[String]: Entry]>([:])

  /// Creates a memory of nothing.
  package init() {}

  /// The latest session of the run since this was created.
  package func latest(federation: String, run: String) -> SessionMark? {
    entries.withLock { $0[[federation, run]]?.mark }
  }

  /// Remembers the session until the process ends.
  package func remember(_ mark: SessionMark, federation: String, run: String) {
    entries.withLock { $0[[federation, run], default: Entry()].mark = mark }
  }

  /// The lists of the round, if it is the latest of which there are any.
  package func unmasked(round: Int, federation: String, run: String) -> [[Int]] {
    entries.withLock {
      guard let entry = $0[[federation, run]], entry.round == round else { return [] }
      return entry.unmasked
    }
  }

  /// Remembers the list, and forgets those of other rounds.
  package func rememberUnmasked(
    _ survivors: [Int], round: Int, federation: String, run: String
  ) {
    entries.withLock {
      var entry = $0[[federation, run], default: Entry()]
      if entry.round != round { entry.unmasked = [] }
      entry.round = round
      if !entry.unmasked.contains(survivors) { entry.unmasked.append(survivors) }
      $0[[federation, run]] = entry
    }
  }
}
