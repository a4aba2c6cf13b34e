import ZorBAJournal
package import ZorBAOptimization

/// Where the records of a journal end, and the chain value at each end: tells whether a copy of the
/// first bytes is a copy of this journal.
package struct JournalIndex {
  private var ends: [(offset: Int, chain: UInt64)] = []

  /// Reads a whole journal.
  ///
  /// - Throws: `ZorBAError` as `JournalReader` does.
  package init(path: String) throws {
    let reader = try JournalReader(path: path)
    append(offset: reader.offset, chain: reader.chain)
    while let entry = try reader.next() {
      append(offset: entry.offset + entry.byteCount, chain: entry.chain)
    }
  }

  /// Adds the end of a new record.
  package mutating func append(offset: Int, chain: Digest128) {
    ends.append((offset, chain.leadingWord))
  }

  /// Whether the journal has this chain value at this offset.
  package func contains(offset: Int, chain: [UInt8]) -> Bool {
    guard chain.count == Digest128.byteCount else { return false }
    var low = 0
    var high = ends.count
    while low < high {
      let middle = (low + high) / 2
      if ends[middle].offset < offset { low = middle + 1 } else { high = middle }
    }
    guard low < ends.count, ends[low].offset == offset else { return false }
    return ends[low].chain == Digest128(prefixOf: chain).leadingWord
  }
}
