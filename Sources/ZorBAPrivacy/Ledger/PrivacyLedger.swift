import ZorBADiagnostics

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
  private var descriptor: Int32
  private var copyBytes: Int
  private let synchronize: (Int32) -> Int32

  /// Opens the ledger of a folder, or begins one.
  ///
  /// - Parameter synchronize: Makes a file durable; replaceable so that tests can fail it.
  /// - Throws: `ZorBAError`: `inputOutput` when it cannot be used, `refused` when another process holds
  ///   it or both of its copies are damaged.
  package init(folder: String, synchronize: @escaping (Int32) -> Int32 = { fsync($0) }) throws {
    path = (folder.hasSuffix("/") ? folder : folder + "/") + Self.fileName
    self.synchronize = synchronize
    if access(path, F_OK) != 0 {
      guard errno == ENOENT else { throw Self.failure("cannot be read", path) }
      try Self.replace(path, with: PrivacyLedgerState(), copyBytes: 0, synchronize).close()
    }
    descriptor = try Self.opened(path, O_RDWR)
    copyBytes = 0
    state = PrivacyLedgerState()
    do {
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        throw ZorBAError(
          .refused, "another process uses this privacy ledger", at: .init(file: path),
          advice: "Stop it, or use another folder.")
      }
      guard fchmod(descriptor, 0o600) == 0 else {
        throw Self.failure("cannot be made private", path)
      }
      let bytes = try Self.bytes(of: descriptor, path)
      state = try Self.decoded(bytes, path)
      copyBytes = bytes.count / 2
    } catch {
      close(descriptor)
      descriptor = -1
      throw error
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Reads a ledger without holding it; nil when there is none.
  ///
  /// - Throws: `ZorBAError` when it cannot be read or both of its copies are damaged.
  package static func read(folder: String) throws -> PrivacyLedgerState? {
    let path = (folder.hasSuffix("/") ? folder : folder + "/") + fileName
    guard access(path, F_OK) == 0 || errno != ENOENT else { return nil }
    let descriptor = try opened(path, O_RDONLY)
    defer { close(descriptor) }
    return try decoded(bytes(of: descriptor, path), path)
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
      let fresh = try Self.replace(path, with: state, copyBytes: copy.count, synchronize)
      close(descriptor)
      descriptor = fresh.descriptor
      copyBytes = copy.count
      return
    }
    for offset in [0, copyBytes] {
      try Self.write(copy, to: descriptor, at: offset, path)
      guard synchronize(descriptor) == 0 else {
        throw Self.failure("was not confirmed by the disk", path)
      }
    }
  }
}

extension PrivacyLedger {
  /// A file that was made and is locked.
  private struct Fresh {
    let descriptor: Int32
    func close() { PrivacyLedger.close(descriptor) }
  }

  private static func close(_ descriptor: Int32) {
    #if canImport(Glibc)
      _ = Glibc.close(descriptor)
    #elseif canImport(Musl)
      _ = Musl.close(descriptor)
    #else
      _ = Darwin.close(descriptor)
    #endif
  }

  private func close(_ descriptor: Int32) { Self.close(descriptor) }

  /// Puts a whole new file in the place of a path.
  private static func replace(
    _ path: String, with state: PrivacyLedgerState, copyBytes: Int,
    _ synchronize: (Int32) -> Int32
  ) throws -> Fresh {
    guard let copy = PrivacyLedgerCopies.encoded(state, atLeast: copyBytes) else {
      throw ZorBAError(.inputOutput, "the privacy ledger is full", at: .init(file: path))
    }
    let temporary = path + ".new"
    let descriptor = try opened(temporary, O_RDWR | O_CREAT | O_TRUNC)
    do {
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        throw failure("cannot be locked", temporary)
      }
      try write(copy + copy, to: descriptor, at: 0, temporary)
      guard synchronize(descriptor) == 0, rename(temporary, path) == 0 else {
        throw failure("cannot be put in place", path)
      }
      let slash = path.lastIndex(of: "/")
      let folder = slash.map { String(path[..<$0]) } ?? "."
      let parent = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      if parent >= 0 {
        _ = fsync(parent)
        close(parent)
      }
    } catch {
      close(descriptor)
      throw error
    }
    return Fresh(descriptor: descriptor)
  }

  private static func opened(_ path: String, _ flags: Int32) throws -> Int32 {
    let descriptor = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw failure("cannot be opened", path) }
    return descriptor
  }

  private static func bytes(of descriptor: Int32, _ path: String) throws -> [UInt8] {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("cannot be read", path) }
    guard status.st_mode & S_IFMT == S_IFREG,
      status.st_size <= 2 * PrivacyLedgerCopies.largestCopy
    else {
      throw ZorBAError(.inputOutput, "is no privacy ledger", at: .init(file: path))
    }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var done = 0
    while done < bytes.count {
      let got = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done, off_t(done))
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { throw failure("cannot be read", path) }
      done += got
    }
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

  private static func write(
    _ bytes: [UInt8], to descriptor: Int32, at offset: Int, _ path: String
  ) throws {
    try bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
        let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { throw failure("cannot be written", path) }
        done += written
      }
    }
  }

  private static func failure(_ message: String, _ path: String) -> ZorBAError {
    ZorBAError(
      .inputOutput, "\(message): \(String(cString: strerror(errno)))", at: .init(file: path),
      advice: "Nothing was answered. Make room on the disk, or check its permissions.")
  }
}
