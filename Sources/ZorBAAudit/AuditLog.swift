import Crypto
import Synchronization
import ZorBADiagnostics
package import ZorBAFiles

/// An audit log that is being kept: append-only, chained, signed, one writer.
///
/// `append` returns when the record has reached the operating system, and for durable kinds the
/// disk. When it throws, nothing of the record remains, and what was to be recorded must not be done.
/// May be called from any thread; blocks it for as long as the disk takes.
package final class AuditLog: Sendable {
  /// How a log is kept.
  package struct Options: Sendable {
    /// Bytes after which a file is full and the next one begins.
    package var bytesPerFile = 64 << 20
    package var clock: @Sendable () -> AuditTime = { .now }
    package var calls = FileSystemCalls.system

    package init() {}
  }

  /// Where the log stands.
  package struct Standing: Sendable, Equatable {
    /// Records so far.
    package var records: Int
    /// Whether this opening began the log.
    package var isNew: Bool
    /// Bytes of a torn line that this opening took away.
    package var repairedBytes: Int
  }

  package let files: LogFiles
  /// The public key that verifies the records.
  package let publicKey: [UInt8]
  package let opening: Standing
  private let state: Mutex<AuditWriter>

  /// Takes up a log, or begins one; its key is made if the log is.
  ///
  /// - Parameter keeper: Who keeps it; nil for nobody enrolled.
  /// - Throws: `ZorBAError` with code `refused` when another process keeps it or others may read its
  ///   key, `invalidData` when its end is damaged or its key is gone, `inputOutput` when the disk
  ///   refuses.
  package init(path: String, keeper: (any LogKeeper)?, options: Options = Options()) throws {
    files = LogFiles(path)
    let writer = try AuditWriter(files, keeper: keeper, options: options)
    publicKey = Array(writer.head.key)
    opening = writer.opening
    state = Mutex(writer)
  }

  /// Records an entry.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  @discardableResult
  package func append(_ entry: AuditEntry) throws -> AuditRecord {
    try state.withLock { try $0.append(entry) }
  }

  /// Sets room aside for the next record, so that what is about to be done can be recorded when it
  /// is done.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when the disk has none.
  package func reserve() throws { try state.withLock { try $0.reserve() } }

  /// Has the disk confirm everything so far.
  package func synchronize() throws { try state.withLock { try $0.synchronize() } }
}
