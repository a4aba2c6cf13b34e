package import ZorBAOptimization

/// The first record in which two journals differ: where one of them was forked or tampered with.
package struct JournalDivergence: Hashable, Sendable {
  /// The record's number; 0 is the header.
  package let index: Int
  /// Its first byte, the same in both.
  package let offset: Int
  /// The last round both have.
  package let lastCommonRound: UInt64
  /// The chain values after the record; nil where a journal has ended.
  package let left: Digest128?
  package let right: Digest128?

  /// Compares two journals; nil when they are equal.
  ///
  /// When one is a prefix of the other, the divergence is the first record it lacks.
  ///
  /// - Throws: `ZorBAError` as `JournalReader` does.
  package static func first(between left: String, and right: String) throws -> JournalDivergence? {
    let leftReader = try JournalReader(path: left)
    let rightReader = try JournalReader(path: right)
    guard leftReader.chain == rightReader.chain else {
      return JournalDivergence(
        index: 0, offset: RecordFrame.preambleByteCount, lastCommonRound: 0,
        left: leftReader.chain, right: rightReader.chain)
    }
    while true {
      let (index, offset) = (leftReader.nextIndex, leftReader.offset)
      let lastCommonRound = leftReader.lastRound
      let (leftEntry, rightEntry) = (try leftReader.next(), try rightReader.next())
      if leftEntry == nil, rightEntry == nil { return nil }
      guard leftEntry?.chain == rightEntry?.chain else {
        return JournalDivergence(
          index: index, offset: offset, lastCommonRound: lastCommonRound,
          left: leftEntry?.chain, right: rightEntry?.chain)
      }
    }
  }
}
