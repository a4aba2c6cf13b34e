import SwiftProtobuf
import ZorBAJournal
package import ZorBAOptimization
package import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

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

  /// The records of a journal that follow its last round.
  ///
  /// A site that has all rounds fetches nothing, so what it lacks besides must be at hand: the marker
  /// of a run that went back, or a plan that was written just before a coordinator went down.
  ///
  /// - Throws: `ZorBAError` when the journal cannot be read.
  package init(endOfJournalAt path: String) throws {
    self.init()
    let reader = try JournalReader(path: path)
    var before = reader.chain
    while let entry = try reader.next() {
      switch entry.record {
      case .round, .dense, .denseChunk: entries = []
      case .plan, .digest, .branch, .end, .ancillary:
        append(Self.message(entry.record, chain: entry.chain.leadingWord), after: before)
      }
      before = entry.chain
    }
  }

  /// A record that is no round, as sites are told of it.
  static func message(
    _ record: JournalRecord, chain: UInt64
  ) -> Zorba_V1_CoordinatorMessage {
    .with {
      $0.record = .with {
        $0.type = UInt32(record.type)
        $0.payload = Data(record.payload)
        $0.chain = chain
      }
    }
  }

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
