import ZorBADiagnostics
import ZorBAFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a body of data has given away under differential privacy, over all runs, durably.
///
/// Uses are charged before anything is computed from data, and the charge is on the disk before it is
/// acknowledged: a crash counts one use too many, never one too few. No clock is read. One process at
/// a time holds a ledger.
package final class PrivacyLedger {
  package static let fileName = "privacy.json"

  /// The ledger's file.
  package let path: String
  package private(set) var state: PrivacyLedgerState
  private var file: PrivateFile
  private var copyBytes: Int
  private let calls: FileSystemCalls

  /// Opens the ledger of a folder, or begins one.
  ///
  /// - Parameter synchronize: Makes a file durable; replaceable so that tests can fail it.
  /// - Throws: `ZorBAError`: `inputOutput` when it cannot be used, `refused` when another process holds
  ///   it or both of its copies are damaged.
  package init(
    folder: String, synchronize: @escaping @Sendable (Int32) -> Int32 = { fsync($0) }
  ) throws {
    path = (folder.hasSuffix("/") ? folder : folder + "/") + Self.fileName
    calls = FileSystemCalls(write: FileSystemCalls.system.write, synchronize: synchronize)
    if access(path, F_OK) != 0 {
      guard errno == ENOENT else { throw FileAdvice.privacy.failure("cannot be read", path, errno) }
      _ = try Self.replace(path, with: PrivacyLedgerState(), copyBytes: 0, calls)
    }
    file = try PrivateFile(path: path, for: .updating, advice: .privacy, calls: calls)
    guard try file.lock() else {
      throw ZorBAError(
        .refused, "another process uses this privacy ledger", at: .init(file: path),
        advice: "Stop it, or use another folder.")
    }
    try file.makePrivate()
    let bytes = try Self.bytes(of: file)
    state = try Self.decoded(bytes, path)
    copyBytes = bytes.count / 2
  }

  /// Reads a ledger without holding it; nil when there is none.
  ///
  /// - Throws: `ZorBAError` when it cannot be read or both of its copies are damaged.
  package static func read(folder: String) throws -> PrivacyLedgerState? {
    let path = (folder.hasSuffix("/") ? folder : folder + "/") + fileName
    guard access(path, F_OK) == 0 || errno != ENOENT else { return nil }
    let file = try PrivateFile(path: path, for: .reading, advice: .privacy)
    return try decoded(bytes(of: file), path)
  }

  /// Charges uses to accounts and returns when the charge is on the disk.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`; nothing may be answered then. The uses stay charged
  ///   as long as the process lives.
  package func charge(_ charges: [(account: String, entry: PrivacyLedgerState.Entry)]) throws {
    for (account, entry) in charges { state.charge(account, entry) }
    guard let copy = PrivacyLedgerCopies.encoded(state, atLeast: copyBytes) else {
      throw ZorBAError(
        .inputOutput, "the privacy ledger is full", at: .init(file: path),
        advice: "Begin a state folder for other data; what this one counts cannot be forgotten.")
    }
    if copy.count > copyBytes {
      file = try Self.replace(path, with: state, copyBytes: copy.count, calls)
      copyBytes = copy.count
      return
    }
    for offset in [0, copyBytes] {
      try file.write(copy, at: offset)
      try file.synchronize()
    }
  }
}

extension PrivacyLedger {
  /// Puts a whole new file, locked, in the place of a path.
  private static func replace(
    _ path: String, with state: PrivacyLedgerState, copyBytes: Int, _ calls: FileSystemCalls
  ) throws -> PrivateFile {
    guard let copy = PrivacyLedgerCopies.encoded(state, atLeast: copyBytes) else {
      throw ZorBAError(.inputOutput, "the privacy ledger is full", at: .init(file: path))
    }
    let temporary = path + ".new"
    let file = try PrivateFile(path: temporary, for: .replacing, advice: .privacy, calls: calls)
    guard try file.lock() else { throw file.failure("cannot be locked", EWOULDBLOCK) }
    try file.write(copy + copy, at: 0)
    try file.synchronize()
    try file.rename(to: path, fault: "cannot be put in place")
    return file
  }

  private static func bytes(of file: PrivateFile) throws -> [UInt8] {
    let size = try file.byteCount()
    guard size <= 2 * PrivacyLedgerCopies.largestCopy else {
      throw ZorBAError(.inputOutput, "is no privacy ledger", at: .init(file: file.path))
    }
    let bytes = try file.read(at: 0, count: size)
    guard bytes.count == size else { throw file.failure("cannot be read", EIO) }
    return bytes
  }

  private static func decoded(_ bytes: [UInt8], _ path: String) throws -> PrivacyLedgerState {
    guard let state = PrivacyLedgerCopies.decoded(bytes) else {
      throw ZorBAError(
        .refused, "the privacy ledger is damaged, so nobody knows what has been given away",
        at: .init(file: path),
        advice: "Put back a copy of it. Without one, this data must not be used again under a "
          + "promise of privacy.")
    }
    return state
  }
}

extension FileAdvice {
  /// Of a ledger: what cannot be charged is not answered.
  fileprivate static let privacy: FileAdvice = {
    let advice = "Nothing was answered. Make room on the disk, or check its permissions."
    return FileAdvice(reaching: advice, owning: advice, writing: advice, confirming: advice)
  }()
}
