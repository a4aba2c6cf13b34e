import Synchronization
import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The certificates that are revoked, as a register or a copy of it says.
///
/// Whatever was once seen as revoked stays so for the life of the process, even if the file is
/// replaced by a shorter one. When the file cannot be read, nobody passes.
package final class Revocations: Sendable {
  /// What tells one state of a file from another without reading it.
  private struct Stamp: Equatable {
    let numbers: [Int]
  }

  private struct State {
    var stamp: Stamp?
    var entries: [String: RegisterEntry] = [:]
  }

  private let path: String
  private let state = Mutex(State())

  /// - Parameter path: `register.jsonl`, a file with lines of one (`revoked.jsonl`), or the folder
  ///   of an authority.
  /// - Throws: `ZorBAError` with code `inputOutput` or `invalidData` when it cannot be read.
  package init(path: String) throws {
    var status = stat()
    let isFolder = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    self.path = isFolder ? CertificateAuthority.registerPath(path) : path
    try refresh()
  }

  /// Reads the file again if it changed; otherwise this costs one look at its status.
  ///
  /// - Returns: Whether certificates were revoked since the last time.
  /// - Throws: `ZorBAError` with code `inputOutput` or `invalidData`.
  @discardableResult
  package func refresh() throws -> Bool {
    try state.withLock { state in
      let stamp = try currentStamp()
      guard state.stamp != stamp else { return false }
      // Kept only after a complete reading: a failure is met again by the next caller.
      state.stamp = nil
      let contents = try RegisterContents(
        DurableFile.read(path, limit: Register.limit), file: path)
      let before = state.entries.count
      state.entries.merge(contents.revocations) { first, _ in first }
      state.stamp = stamp
      return state.entries.count != before
    }
  }

  /// The line that revokes a certificate, or nil; looks at the file first.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` or `invalidData`.
  package func entry(revoking serial: String) throws -> RegisterEntry? {
    try refresh()
    return state.withLock { $0.entries[serial] }
  }

  /// As `entry`, with a fault of the file as a refusal of the peer.
  func revocation(of peer: IdentityCertificate) throws -> RegisterEntry? {
    do {
      return try entry(revoking: peer.serial)
    } catch let error as ZorBAError {
      throw ZorBAError(
        .refused,
        "\(peer.principal) is not let in because the coordinator cannot read which certificates "
          + "are revoked",
        at: error.location, advice: "The operator of the coordinator must mend its register.",
        cause: error)
    }
  }

  private func currentStamp() throws -> Stamp {
    var status = stat()
    guard stat(path, &status) == 0 else { throw SystemFault.last.error("read", path) }
    return Stamp(numbers: [
      Int(truncatingIfNeeded: status.st_dev), Int(truncatingIfNeeded: status.st_ino),
      Int(status.st_size), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec),
      Int(status.st_ctim.tv_sec), Int(status.st_ctim.tv_nsec),
    ])
  }
}
