package import ZorBADiagnostics
package import ZorBAOptimization

/// A record would end in another chain value than another copy of the journal has after it: the two
/// have gone apart.
package struct JournalFork: Error, Hashable, Sendable {
  /// The last round, the record at fault included.
  package let round: UInt64
  /// The leading word of the other copy's chain value.
  package let expected: UInt64
  /// That of this one's.
  package let found: UInt64

  /// The same for people.
  package var error: ZorBAError {
    ZorBAError(
      .invalidJournal,
      "round \(round): this copy of the journal would go on as \(String(found, radix: 16)), the "
        + "coordinator's goes on as \(String(expected, radix: 16))",
      advice: "Fetch the journal again; if they still differ, the run has been forked.")
  }
}

extension Digest128 {
  /// The first 8 bytes as a little-endian number: what messages carry of a chain value.
  package var leadingWord: UInt64 {
    bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
