package import ZorBAOptimization
package import ZorBAWire

/// The last records of a run's journal as messages, so that a site that is nearly up to date gets the
/// rest on its stream.
///
/// A site says where its copy ends by the chain value there, which names one place in one journal:
/// whatever the site missed follows from it, plans and digests included.
package struct JournalTail {
  private struct Entry {
    var chainBefore: Digest128
    var message: Zorba_V1_CoordinatorMessage
  }

  private var entries: [Entry] = []
  private let capacity: Int

  package init(capacity: Int = 1024) { self.capacity = capacity }

  /// Adds the newest record; the oldest fall out in batches, so that adding stays cheap.
  package mutating func append(
    _ message: Zorba_V1_CoordinatorMessage, after chain: Digest128
  ) {
    if entries.count == 2 * capacity { entries.removeFirst(capacity) }
    entries.append(Entry(chainBefore: chain, message: message))
  }

  /// The newest record.
  package var last: Zorba_V1_CoordinatorMessage? { entries.last?.message }

  /// What follows a place in the journal; nil when that place is not here.
  ///
  /// - Parameter end: The chain value of the whole journal.
  package func messages(after chain: [UInt8], end: Digest128) -> [Zorba_V1_CoordinatorMessage]? {
    if chain == end.bytes { return [] }
    guard let first = entries.lastIndex(where: { $0.chainBefore.bytes == chain }) else {
      return nil
    }
    return entries[first...].map(\.message)
  }
}
