import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The system calls of a log that can meet a full or broken disk, replaceable so that tests can fail
/// them.
package struct AuditSystemCalls: Sendable {
  /// As `write`.
  package var write: @Sendable (Int32, UnsafeRawBufferPointer) -> Int
  /// As `fdatasync`.
  package var synchronize: @Sendable (Int32) -> Int32
  /// Makes a file of so many bytes that take room on the disk; 0, or an error number.
  package var reserve: @Sendable (_ path: String, _ bytes: Int) -> Int32

  package init(
    write: @escaping @Sendable (Int32, UnsafeRawBufferPointer) -> Int,
    synchronize: @escaping @Sendable (Int32) -> Int32,
    reserve: @escaping @Sendable (String, Int) -> Int32 = { AuditSystemCalls.reserve($0, $1) }
  ) {
    self.write = write
    self.synchronize = synchronize
    self.reserve = reserve
  }

  package static func reserve(_ path: String, _ bytes: Int) -> Int32 {
    guard access(path, F_OK) != 0 else { return 0 }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return errno == EEXIST ? 0 : errno }
    defer { close(descriptor) }
    let zeros = [UInt8](repeating: 0, count: bytes)
    var done = 0
    while done < bytes {
      let count = zeros[done...].withUnsafeBytes {
        systemWrite(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let number = count < 0 ? errno : ENOSPC
        unlink(path)
        return number
      }
      done += count
    }
    return 0
  }

  /// The operating system's.
  package static let system = AuditSystemCalls(
    write: { systemWrite($0, $1.baseAddress, $1.count) },
    synchronize: { descriptor in
      #if canImport(Darwin)
        fsync(descriptor)
      #else
        fdatasync(descriptor)
      #endif
    })
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}

/// An open file of a log, for its owner alone; closed when the last reference goes.
final class AuditFile {
  let path: String
  private let descriptor: Int32
  private let calls: AuditSystemCalls

  /// Opens a file, and makes it if it is not there and `flags` say so.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`, also for what is no regular file.
  init(path: String, flags: Int32, calls: AuditSystemCalls = .system) throws {
    // Without O_NONBLOCK, opening a pipe waits for its other end.
    let descriptor = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw Self.failure("cannot be opened", path, errno) }
    self.path = path
    self.descriptor = descriptor
    self.calls = calls
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ZorBAError(.inputOutput, "is no regular file", at: .init(file: path))
    }
  }

  deinit { close(descriptor) }

  static func failure(
    _ message: String, _ path: String, _ number: Int32, advice: String? = nil
  ) -> ZorBAError {
    ZorBAError(
      .inputOutput, "\(message): \(String(cString: strerror(number)))", at: .init(file: path),
      advice: advice ?? "Check the path, the permissions and the disk.")
  }

  func byteCount() throws -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw Self.failure("cannot be read", path, errno)
    }
    return Int(status.st_size)
  }

  /// Takes reading and writing away from everybody but the owner.
  func makePrivate() throws {
    guard fchmod(descriptor, 0o600) == 0 else {
      throw Self.failure("cannot be made private", path, errno)
    }
  }

  /// Keeps other processes out as long as this file is open.
  ///
  /// - Throws: `ZorBAError` with code `refused` when another process has it.
  func lock() throws {
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      guard errno == EWOULDBLOCK else { throw Self.failure("cannot be locked", path, errno) }
      throw ZorBAError(
        .refused, "another process keeps this audit log", at: .init(file: path),
        advice: "End the other process first; a log has one writer.")
    }
  }

  /// `count` bytes, fewer only at the end of the file.
  func read(at offset: Int, count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      var chunk = [UInt8](repeating: 0, count: min(count - bytes.count, 1 << 16))
      let size = chunk.count
      let got = chunk.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress, size, off_t(offset + bytes.count))
      }
      if got == 0 { break }
      guard got > 0 else {
        if errno == EINTR { continue }
        throw Self.failure("cannot be read", path, errno)
      }
      bytes += chunk.prefix(got)
    }
    return bytes
  }

  /// Writes all bytes at the end; throws with an unknown number of them written.
  func append(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let written = calls.write(descriptor, UnsafeRawBufferPointer(rebasing: buffer[done...]))
        if written > 0 {
          done += written
        } else if written == 0 || errno != EINTR {
          throw Self.failure(
            "cannot be written", path, written == 0 ? ENOSPC : errno,
            advice: "What was to be recorded was not done. Make room on the disk.")
        }
      }
    }
  }

  /// Returns when everything written is on the disk.
  func synchronize() throws {
    guard calls.synchronize(descriptor) == 0 else {
      throw Self.failure(
        "was not confirmed by the disk", path, errno,
        advice: "What was to be recorded was not done. Check the disk.")
    }
  }

  /// Cuts the file; false when the system would not.
  func truncate(to bytes: Int) -> Bool { ftruncate(descriptor, off_t(bytes)) == 0 }

  /// Makes names in a file's folder as durable as contents; some file systems cannot and need not.
  static func synchronizeFolder(of path: String) {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = slash.map { String(path[...$0]) } ?? "./"
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
