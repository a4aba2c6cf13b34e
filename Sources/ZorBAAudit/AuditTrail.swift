import Synchronization
import ZorBADiagnostics
import ZorBAJSON

/// The log of a service while it works: what must be recorded before it is done, and what happened.
///
/// `record` is for acts: when it throws, the act is refused. `note` is for what has happened already,
/// which nobody can refuse any more: when the disk takes nothing, it waits here, and `ready` throws
/// until it is written, so that a service that asks `ready` before each round does not go on
/// unrecorded.
package final class AuditTrail: Sendable {
  package let log: AuditLog
  /// The URI of whoever keeps the log, the actor of its own acts.
  package let keeper: String
  /// What the log said when it was opened.
  package let history: AuditHistory

  private struct Waiting {
    var entries: [AuditEntry] = []
    var lost = 0
    /// Entries that peers nobody knows may still cause, and when more are allowed.
    var tokens = AuditTrail.rareEntries
    var refilled = AuditTime(milliseconds: 0)
    var suppressed = 0
  }

  private let waiting = Mutex(Waiting())

  /// Entries that wait in memory for a disk that takes none.
  private static let longestWait = 4096
  /// Entries a minute about peers that are let in nowhere.
  private static let rareEntries = 60

  /// - Throws: `ZorBAError` as `AuditLog` does.
  package init(path: String, keeper: (any LogKeeper)?, options: AuditLog.Options = .init()) throws {
    history = try AuditHistory(LogFiles(path))
    log = try AuditLog(path: path, keeper: keeper, options: options)
    self.keeper = keeper?.principal ?? AuditEntry.local
  }

  /// Records an act before it is done.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`; the act must not be done then.
  package func record(_ entry: AuditEntry) throws {
    try waiting.withLock { waiting in
      try flush(&waiting)
      try log.append(entry)
    }
  }

  /// Records what happened.
  package func note(_ entry: AuditEntry) {
    waiting.withLock { waiting in
      do {
        try flush(&waiting)
        try log.append(entry)
      } catch {
        if waiting.entries.count < Self.longestWait {
          waiting.entries.append(entry)
        } else {
          waiting.lost += 1
        }
      }
    }
  }

  /// As `note`, for what anybody who can reach the service can cause: at most so many a minute, and
  /// the next one says how many were left out.
  package func noteStranger(_ entry: AuditEntry, now: AuditTime = .now) {
    let allowed: Int? = waiting.withLock { waiting in
      if now.milliseconds - waiting.refilled.milliseconds >= 60_000 || now < waiting.refilled {
        waiting.tokens = Self.rareEntries
        waiting.refilled = now
      }
      guard waiting.tokens > 0 else {
        waiting.suppressed += 1
        return nil
      }
      waiting.tokens -= 1
      defer { waiting.suppressed = 0 }
      return waiting.suppressed
    }
    guard let suppressed = allowed else { return }
    var entry = entry
    if suppressed > 0 {
      _ = entry.detail.append(.init(key: "left_out", value: .integer(suppressed)))
    }
    note(entry)
  }

  /// Writes what waits, and makes sure that the disk has room for the next record.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` while the disk takes nothing.
  package func ready() throws {
    try waiting.withLock { try flush(&$0) }
    try log.reserve()
  }

  private func flush(_ waiting: inout Waiting) throws {
    while let first = waiting.entries.first {
      try log.append(first)
      waiting.entries.removeFirst()
    }
    guard waiting.lost > 0 else { return }
    try log.append(AuditEntry(.logRepaired, detail: ["lost": .integer(waiting.lost)]))
    waiting.lost = 0
  }
}
