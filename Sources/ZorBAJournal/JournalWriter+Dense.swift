extension JournalWriter {
  /// Appends a dense round, all of it or nothing: its head, then its changes in chunks.
  ///
  /// - Returns: Bytes that the journal grew by.
  /// - Throws: As `append(_:)`.
  @discardableResult
  package func append(_ round: DenseRound, changes: [UInt8]) throws -> Int {
    let before = byteCount
    try appendTogether { append in
      try append(.dense(round))
      for start in stride(from: 0, to: changes.count, by: DenseChunk.byteCount) {
        let end = min(start + DenseChunk.byteCount, changes.count)
        try append(
          .denseChunk(
            DenseChunk(
              round: round.number, index: start / DenseChunk.byteCount,
              bytes: Array(changes[start..<end]))))
      }
    }
    return byteCount - before
  }
}
