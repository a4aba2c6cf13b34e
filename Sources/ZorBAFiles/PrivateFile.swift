package import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An open regular file for its owner alone; closed, and its lock with it, when the last reference goes.
package final class PrivateFile {
  /// What a file is opened for.
  package enum Purpose: Sendable {
    /// To read what is there.
    case reading
    /// To read and overwrite what is there.
    case updating
    /// To read, and to write at the end; made if it is not there.
    case appending
    /// To hold a lock; made if it is not there.
    case locking
    /// To read and write; made, or emptied if it is there.
    case replacing
    /// To write; made, and refused if it is there.
    case making

    fileprivate var flags: Int32 {
      switch self {
      case .reading: O_RDONLY
      case .updating: O_RDWR
      case .appending: O_RDWR | O_APPEND | O_CREAT
      case .locking: O_RDWR | O_CREAT
      case .replacing: O_RDWR | O_CREAT | O_TRUNC
      case .making: O_WRONLY | O_CREAT | O_EXCL
      }
    }
  }

  package private(set) var path: String
  package let advice: FileAdvice
  private let descriptor: Int32
  private let calls: FileSystemCalls

  /// Opens a file. One that may be made here is mode 600 afterwards, whatever the umask is and the
  /// mode was.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`, also for what is no regular file.
  package init(
    path: String, for purpose: Purpose, advice: FileAdvice, calls: FileSystemCalls = .system
  ) throws {
    // Without O_NONBLOCK, opening a pipe waits for its other end.
    let descriptor = open(path, purpose.flags | O_CLOEXEC | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw advice.failure("cannot be opened", path, errno) }
    self.path = path
    self.advice = advice
    self.descriptor = descriptor
    self.calls = calls
    guard try status().st_mode & S_IFMT == S_IFREG else {
      throw ZorBAError(.inputOutput, "is no regular file", at: .init(file: path))
    }
    if purpose.flags & O_CREAT != 0 { try makePrivate() }
  }

  deinit { close(descriptor) }

  /// The error for a system call on this file that failed.
  package func failure(_ message: String, _ number: Int32, advice: String? = nil) -> ZorBAError {
    self.advice.failure(message, path, number, advice: advice)
  }

  private func status() throws -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("cannot be read", errno) }
    return status
  }

  /// Bytes in the file.
  package func byteCount() throws -> Int { Int(try status().st_size) }

  /// Whether the path still leads to this file: nobody moved or removed it.
  package func isInPlace() throws -> Bool {
    let mine = try status()
    var there = stat()
    return stat(path, &there) == 0 && there.st_dev == mine.st_dev && there.st_ino == mine.st_ino
  }

  /// Takes reading and writing away from everybody but the owner.
  package func makePrivate() throws {
    guard fchmod(descriptor, 0o600) == 0 else {
      throw failure("cannot be made private", errno, advice: advice.owning)
    }
  }

  /// Keeps others who lock this file out as long as it is open; false when somebody else does.
  package func lock() throws -> Bool {
    guard flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return true }
    guard errno == EWOULDBLOCK else { throw failure("cannot be locked", errno) }
    return false
  }

  /// `count` bytes, fewer only at the end of the file. Memory stays at what is there.
  package func read(at offset: Int, count: Int) throws -> [UInt8] {
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
        throw failure("cannot be read", errno)
      }
      bytes += chunk.prefix(got)
    }
    return bytes
  }

  /// Writes all bytes at the end; throws with an unknown number of them written.
  package func append(_ bytes: [UInt8]) throws { try write(bytes, offset: nil) }

  /// Writes all bytes at an offset; throws with an unknown number of them written.
  package func write(_ bytes: [UInt8], at offset: Int) throws { try write(bytes, offset: offset) }

  private func write(_ bytes: [UInt8], offset: Int?) throws {
    try bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
        let written = calls.write(descriptor, rest, offset.map { off_t($0 + done) })
        if written > 0 {
          done += written
        } else if written == 0 || errno != EINTR {
          throw failure(
            "cannot be written", written == 0 ? ENOSPC : errno, advice: advice.writing)
        }
      }
    }
  }

  /// Returns when everything written is on the disk.
  package func synchronize() throws {
    guard calls.synchronize(descriptor) == 0 else {
      throw failure("was not confirmed by the disk", errno, advice: advice.confirming)
    }
  }

  /// Cuts the file; false when the system would not.
  package func truncate(to bytes: Int) -> Bool { ftruncate(descriptor, off_t(bytes)) == 0 }

  /// Gives the file another name, in place of what bears it, and makes the name durable.
  ///
  /// - Parameter fault: What an error says could not be done.
  package func rename(to name: String, fault: String = "cannot be named") throws {
    guard systemRename(path, name) == 0 else { throw advice.failure(fault, name, errno) }
    path = name
    Self.synchronizeFolder(of: name)
  }

  /// Makes names in a file's folder as durable as contents; some file systems cannot and need not.
  package static func synchronizeFolder(of path: String) {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = slash.map { String(path[...$0]) } ?? "./"
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}

/// `rename(2)` under a name of its own, outside the class whose method would hide it.
private func systemRename(_ old: String, _ new: String) -> Int32 { rename(old, new) }
