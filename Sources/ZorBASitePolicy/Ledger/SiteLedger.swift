import ZorBADiagnostics
package import ZorBAFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a site has given away, counted durably in its state folder.
///
/// A message is charged before it leaves: a crash in between counts one too many, never one too
/// few. Every answer counts, also one that is sent again. A clock that goes back goes on with the
/// counts of the latest day it has shown. One process at a time holds the ledger of a folder.
package final class SiteLedger {
  package static let fileName = "ledger.json"

  /// The ledger's file.
  package let path: String
  private var state: LedgerState
  private let file: PrivateFile
  /// Holds the lock of the folder; closed with the ledger.
  private let folderDescriptor: Int32

  /// Opens the ledger of a state folder, or begins one; the folder is made when its parent exists.
  ///
  /// - Throws: `ZorBAError`: `inputOutput` when folder or file cannot be used, `refused` when
  ///   another process holds the ledger or the file is damaged beyond what its second copy mends.
  package init(folder: String, calls: FileSystemCalls = .system) throws {
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    path = prefix + Self.fileName
    if mkdir(folder, 0o700) != 0, errno != EEXIST {
      throw FileAdvice.site.failure(
        "cannot be made", folder, errno, advice: "Set state to a folder that this user may write.")
    }
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileAdvice.site.failure("cannot be opened", folder, errno) }
    do {
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        throw ZorBAError(
          .refused, "another process uses this state folder", at: .init(file: folder),
          advice: "Stop it, or give this site a state folder of its own.")
      }
      if access(path, F_OK) != 0 {
        guard errno == ENOENT else { throw FileAdvice.site.failure("cannot be read", path, errno) }
        try Self.begin(path, calls: calls)
      }
      file = try PrivateFile(path: path, for: .updating, advice: .site, calls: calls)
      try file.makePrivate()
      state = try Self.load(file)
    } catch {
      close(descriptor)
      throw error
    }
    folderDescriptor = descriptor
  }

  deinit { close(folderDescriptor) }

  /// Makes a ledger that has counted nothing, whole or not at all.
  private static func begin(_ path: String, calls: FileSystemCalls) throws {
    let temporary = path + ".new"
    let file = try PrivateFile(path: temporary, for: .replacing, advice: .site, calls: calls)
    try file.write(LedgerCopies.encoded(LedgerState()), at: 0)
    try file.synchronize()
    try file.rename(to: path)
  }

  private static func load(_ file: PrivateFile) throws -> LedgerState {
    let bytes = try file.read(at: 0, count: 2 * LedgerCopies.copyBytes)
    guard let state = LedgerCopies.decoded(bytes) else {
      throw ZorBAError(
        .refused, "the ledger is damaged, so nobody knows what this site has already answered",
        at: .init(file: file.path),
        advice: "Put back a copy of it. If there is none, move it away to begin counting at zero; "
          + "the log of sent messages shows what has left the site.")
    }
    return state
  }

  /// The counts that a policy judges a message of this round by.
  package func usage(run: String, round: Int?, at now: UTCInstant) -> SiteUsage {
    state.usage(run: run, round: round, at: now)
  }

  /// Counts a message that is about to leave, and returns when the count is on the disk.
  ///
  /// - Parameters:
  ///   - round: The round it belongs to; nil for messages of no round.
  ///   - bytes: The size of the message.
  ///   - updateBytes: The size of the dense update in it.
  ///   - isAnswer: Whether it answers a round.
  /// - Throws: `ZorBAError` with code `inputOutput`; the message must not be sent then. It stays
  ///   counted as long as the process lives.
  package func charge(
    run: String, round: Int?, bytes: Int, updateBytes: Int = 0, isAnswer: Bool,
    at now: UTCInstant
  ) throws {
    state.charge(
      run: run, round: round.map { max(0, $0) }, bytes: max(0, bytes),
      updateBytes: max(0, updateBytes), answers: isAnswer ? 1 : 0, at: now)
    try file.write(LedgerCopies.encoded(state), at: 0)
    try file.synchronize()
  }

  /// Reads the counts of a folder without holding its ledger, for showing them; nil when there is
  /// no ledger yet.
  ///
  /// - Throws: `ZorBAError` when the ledger cannot be read or is damaged.
  package static func usage(inFolder folder: String, at now: UTCInstant) throws -> SiteUsage? {
    let path = (folder.hasSuffix("/") ? folder : folder + "/") + fileName
    guard access(path, F_OK) == 0 || errno != ENOENT else { return nil }
    return try load(PrivateFile(path: path, for: .reading, advice: .site))
      .usage(run: "", round: nil, at: now)
  }
}
