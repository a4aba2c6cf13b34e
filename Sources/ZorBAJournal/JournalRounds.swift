import ZorBAOptimization

/// The rounds of a journal, each with the journal's chain value after all of it.
package struct JournalRounds: Sendable {
  /// Rounds in order; chain values as lower-case hexadecimal digits.
  package private(set) var all: [(round: Int, chain: String)] = []

  /// Reads a journal to its end.
  ///
  /// - Throws: `ZorBAError` as `JournalReader` does.
  package init(path: String) throws {
    let reader = try JournalReader(path: path)
    while let entry = try reader.next() {
      switch entry.record {
      case .round(let round): all.append((Int(clamping: round.number), "\(entry.chain)"))
      case .dense(let round): all.append((Int(clamping: round.number), "\(entry.chain)"))
      case .denseChunk:
        // The round's commit is the chain value after the last of its changes.
        if !all.isEmpty { all[all.count - 1].chain = "\(entry.chain)" }
      default: break
      }
    }
  }
}
