import ZorBAWire

/// What came on the stream and waits to be journaled, in the order in which it came: a plan must be
/// journaled before the round that follows it.
struct Backlog {
  enum Item: Sendable {
    case commit(Zorba_V1_Commit)
    case record(Zorba_V1_JournalRecord)
  }

  private var items: [Item] = []

  mutating func append(_ item: Item) { items.append(item) }

  mutating func removeAll() { items = [] }

  /// Takes the oldest record; nil when a commit comes first.
  mutating func takeRecord() -> Zorba_V1_JournalRecord? {
    guard case .record(let record)? = items.first else { return nil }
    items.removeFirst()
    return record
  }

  /// Takes the commit of a round; nil when something else comes first.
  mutating func takeCommit(of round: Int) -> Zorba_V1_Commit? {
    guard case .commit(let commit)? = items.first, commit.round == UInt64(round) else {
      return nil
    }
    items.removeFirst()
    return commit
  }
}
