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

/// The survivors of a round that a site signed: the one list of the round that it helps to a sum of.
package struct SignedSurvivors: Sendable, Hashable {
  /// The round, as the run counts it.
  package var round: Int
  /// Client numbers, ascending.
  package var members: [Int]

  /// Creates a list.
  package init(round: Int, members: [Int]) {
    self.round = round
    self.members = members
  }
}

/// What a site remembers of the sessions it agreed to, so that none is run twice.
///
/// A site takes part in every attempt at a round once, and never goes back. Attempts at one round sum
/// the same vectors, so sums over unlike survivors could be combined to tell those of a few: the site
/// signs one list of survivors a round, and after that takes part in sessions of exactly these alone.
package protocol SessionMemory: Sendable {
  /// The latest session of the run that this site agreed to, or nil where there was none.
  func latest(federation: String, run: String) throws -> SessionMark?

  /// Remembers a session before its first message leaves.
  ///
  /// An implementation that outlives the process must have the mark on disk when it returns.
  func remember(_ mark: SessionMark, federation: String, run: String) throws

  /// The latest list of survivors of the run that this site signed, or nil where there was none.
  func signed(federation: String, run: String) throws -> SignedSurvivors?

  /// Remembers a list before the signature leaves, on disk where the memory outlives the process.
  func rememberSigned(_ survivors: SignedSurvivors, federation: String, run: String) throws
}

/// A memory that lasts as long as the process.
package final class VolatileSessionMemory: SessionMemory {
  private struct Entry {
    var mark: SessionMark?
    var signed: SignedSurvivors?
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

  /// The latest list since this was created.
  package func signed(federation: String, run: String) -> SignedSurvivors? {
    entries.withLock { $0[[federation, run]]?.signed }
  }

  /// Remembers the list until the process ends.
  package func rememberSigned(_ survivors: SignedSurvivors, federation: String, run: String) {
    entries.withLock { $0[[federation, run], default: Entry()].signed = survivors }
  }
}
