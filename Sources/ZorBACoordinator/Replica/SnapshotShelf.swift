import Synchronization
import ZorBA
import ZorBADiagnostics
import ZorBAStore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The snapshots of a run: `RUN/snapshots/round-000400`, the newest two.
///
/// A snapshot lies under its name only when it is complete and on the disk. One that is of another
/// history than the journal's is never handed out, whatever was interrupted when.
package final class SnapshotShelf: Sendable {
  /// The folder of them all.
  package let folder: String

  private let store: RunStore
  /// By ascending round.
  private let snapshots = Mutex<[RunSnapshot]>([])
  private static let kept = 2
  private static let prefix = "round-"
  private static let unfinished = ".partial"

  init(folder: String, store: RunStore) {
    self.folder = folder
    self.store = store
  }

  /// The newest snapshot that is no later than a round; nil without one.
  package func newest(atOrBefore round: Int) -> RunSnapshot? {
    snapshots.withLock { $0.last { $0.round <= round } }
  }

  /// The snapshot of just this round.
  package func snapshot(of round: Int) -> RunSnapshot? {
    snapshots.withLock { $0.first { $0.round == round } }
  }

  /// Takes up what an earlier process left: unfinished snapshots go, and those that are not of this
  /// journal.
  ///
  /// - Parameters:
  ///   - path: The run's journal.
  ///   - reach: Its last round.
  /// - Returns: What the operator should know.
  func open(journalAt path: String, reach: Int) throws -> [String] {
    var warnings: [String] = []
    var found: [RunSnapshot] = []
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []
    where name.hasPrefix(Self.prefix) {
      let place = "\(folder)/\(name)"
      guard let claim = SnapshotFolder.claim(in: place), place == self.place(of: claim.round),
        claim.round <= reach, try claim.isOf(journalAt: path)
      else {
        if !name.hasSuffix(Self.unfinished) {
          warnings.append("removed \(name), which is no snapshot of this run")
        }
        try? FileManager.default.removeItem(atPath: place)
        continue
      }
      do {
        found.append(RunSnapshot(claim: claim, library: try ModelLibrary(folder: place)))
      } catch {
        warnings.append("\(name) cannot be read: \(error)")
      }
    }
    found.sort { $0.round < $1.round }
    snapshots.withLock { $0 = found }
    do {
      try store.replaceSnapshots(with: found)
    } catch {
      warnings.append("snapshots are not in the store: \(error)")
    }
    return warnings + prune()
  }

  /// Writes a snapshot and gives it its name.
  ///
  /// - Parameters:
  ///   - isCurrent: Whether the weights are still of the run's journal; asked again at the end.
  ///   - write: Writes the weights to a folder that is not there yet.
  /// - Returns: The snapshot, nil when it is of no use any more, and what the operator should know.
  /// - Throws: `ZorBAError` with code `inputOutput`; nothing is left behind.
  func add(
    round: Int, isCurrent: () -> Bool, write: (_ folder: String) throws -> SnapshotClaim
  ) throws -> (RunSnapshot?, warnings: [String]) {
    let place = place(of: round)
    let partial = place + Self.unfinished
    try? FileManager.default.removeItem(atPath: partial)
    defer { try? FileManager.default.removeItem(atPath: partial) }
    let claim = try write(partial)
    let files = try ModelLibrary(folder: partial).files
    let snapshot = RunSnapshot(
      claim: claim, library: ModelLibrary(folder: place, files: files))
    let isAdded = try snapshots.withLock { snapshots in
      guard isCurrent() else { return false }
      try? FileManager.default.removeItem(atPath: place)
      try SnapshotFolder.adopt(partial, as: place)
      snapshots.removeAll { $0.round >= round }
      snapshots.append(snapshot)
      return true
    }
    guard isAdded else { return (nil, []) }
    var warnings: [String] = []
    do {
      try store.add(snapshot)
    } catch {
      warnings.append("the snapshot of round \(round) is not in the store: \(error)")
    }
    return (snapshot, warnings + prune())
  }

  /// Removes snapshots of rounds that were taken back. The store forgets them with their rounds.
  func remove(after round: Int) {
    let gone = snapshots.withLock { snapshots in
      let gone = snapshots.filter { $0.round > round }
      snapshots.removeAll { $0.round > round }
      return gone
    }
    for snapshot in gone { try? FileManager.default.removeItem(atPath: snapshot.folder) }
  }

  /// Removes a snapshot that is not what is claimed of it.
  func discard(_ round: Int) {
    let gone = snapshots.withLock { snapshots in
      let gone = snapshots.first { $0.round == round }
      snapshots.removeAll { $0.round == round }
      return gone
    }
    guard let gone else { return }
    // Its folder and its row are taken up again at the next start if either cannot be removed.
    try? store.removeSnapshot(of: round)
    try? FileManager.default.removeItem(atPath: gone.folder)
  }

  /// Removes all but the newest.
  private func prune() -> [String] {
    let old = snapshots.withLock { snapshots in
      let old = snapshots.dropLast(Self.kept)
      snapshots.removeFirst(old.count)
      return Array(old)
    }
    return old.compactMap { snapshot in
      do {
        try store.removeSnapshot(of: snapshot.round)
        try FileManager.default.removeItem(atPath: snapshot.folder)
        return nil
      } catch {
        return "the snapshot of round \(snapshot.round) cannot be removed: \(error)"
      }
    }
  }

  /// Names sort as rounds do.
  private func place(of round: Int) -> String {
    let digits = String(round)
    return "\(folder)/\(Self.prefix)"
      + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }
}
