import ZorBADiagnostics
package import ZorBAJSON
import ZorBAOptimization

extension JournalWriter {
  /// Starts a new journal from the rounds up to `round` of another, with a new configuration.
  ///
  /// The shared records are copied byte for byte, so both journals have the same chain values up to
  /// the branch marker. The run key stays: a later round explores the same directions in both.
  /// Damage after the shared records does not matter, so this is also the way out of it.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` when the source has no such round or is
  ///   damaged before it, otherwise as `create` does.
  package static func branch(
    from source: String, at round: UInt64, to path: String, configuration: JSONValue,
    durability: Durability = .everyRecord, calls: JournalSystemCalls = .system
  ) throws -> JournalWriter {
    let original = try JournalFile(path: source, mode: .read)
    let end = try sharedByteCount(of: original, upTo: round)
    let copy = try JournalFile(path: path, mode: .create, calls: calls)
    do {
      for offset in stride(from: 0, to: end, by: 1 << 20) {
        let bytes = try original.read(at: offset, count: min(1 << 20, end - offset))
        try copy.write(bytes, at: offset)
      }
      let writer = try JournalWriter(verifying: copy, durability: durability)
      try writer.append(.branch(BranchMarker(round: round, configuration: configuration)))
      try copy.synchronize()
      try copy.synchronizeFolder()
      return writer
    } catch {
      copy.remove()
      throw error
    }
  }

  /// Bytes before the first record that belongs to a later round, ends the run or is damaged.
  private static func sharedByteCount(of file: JournalFile, upTo round: UInt64) throws -> Int {
    let reader = try JournalReader(file: file)
    var end = reader.offset
    var lastRound: UInt64 = 0
    scan: while true {
      let entry: JournalReader.Entry?
      do {
        entry = try reader.next()
      } catch {
        guard lastRound == round else { throw error }
        break
      }
      switch entry?.record {
      case .round(let next) where next.number > round: break scan
      case .dense(let next) where next.number > round: break scan
      case .end where lastRound == round: break scan
      case nil: break scan
      default:
        end = reader.offset
        lastRound = reader.lastRound
      }
    }
    guard lastRound == round else {
      throw ZorBAError(
        .invalidJournal,
        "there is no round \(round) to branch from; the one before is \(lastRound)",
        at: .init(file: file.path), advice: "Branch from a committed round, or from 0.")
    }
    return end
  }
}
