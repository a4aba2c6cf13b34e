import ZorBADiagnostics

#if canImport(Glibc)
  package import Glibc
#elseif canImport(Musl)
  package import Musl
#else
  package import Darwin
#endif

/// The system calls that can fail on a full or broken disk, replaceable so that tests can fail them.
package struct JournalSystemCalls: Sendable {
  /// As `pwrite`: bytes written, or -1 and `errno`.
  package var write: @Sendable (Int32, UnsafeRawBufferPointer, off_t) -> Int
  /// As `fdatasync`: 0, or -1 and `errno`.
  package var synchronize: @Sendable (Int32) -> Int32

  package init(
    write: @escaping @Sendable (Int32, UnsafeRawBufferPointer, off_t) -> Int,
    synchronize: @escaping @Sendable (Int32) -> Int32
  ) {
    self.write = write
    self.synchronize = synchronize
  }

  /// The operating system's.
  package static let system = JournalSystemCalls(
    write: { descriptor, bytes, offset in
      pwrite(descriptor, bytes.baseAddress, bytes.count, offset)
    },
    synchronize: { descriptor in
      #if canImport(Darwin)
        fsync(descriptor)
      #else
        fdatasync(descriptor)
      #endif
    })
}

/// An open journal file; closed, and so unlocked, when the last reference goes.
final class JournalFile {
  let path: String
  private let descriptor: Int32
  private let calls: JournalSystemCalls

  enum Mode { case read, create, update }

  /// Opens a file; `create` refuses to overwrite, `create` and `update` lock out other writers.
  init(path: String, mode: Mode, calls: JournalSystemCalls = .system) throws {
    let flags =
      switch mode {
      case .read: O_RDONLY
      case .create: O_RDWR | O_CREAT | O_EXCL
      case .update: O_RDWR
      }
    let descriptor = open(path, flags | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.openError(path, mode: mode, number: errno) }
    self.path = path
    self.descriptor = descriptor
    self.calls = calls
    if mode != .read, flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      throw ZorBAError(
        .refused, "another process is writing this journal", at: .init(file: path),
        advice: "Wait for it to end, or stop it.")
    }
  }

  deinit { close(descriptor) }

  private static func openError(_ path: String, mode: Mode, number: Int32) -> ZorBAError {
    if mode == .create, number == EEXIST {
      return ZorBAError(
        .invalidConfiguration, "there is a journal already", at: .init(file: path),
        advice: "Resume it, or choose another output folder.")
    }
    return systemError("cannot open the journal", path: path, number: number)
  }

  private static func systemError(
    _ message: String, path: String, number: Int32, advice: String? = nil
  ) -> ZorBAError {
    ZorBAError(
      .inputOutput, "\(message): \(String(cString: strerror(number)))", at: .init(file: path),
      advice: advice)
  }

  /// Bytes in the file now.
  func byteCount() throws -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw Self.systemError("cannot read the journal", path: path, number: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ZorBAError(
        .invalidJournal, "this is no regular file", at: .init(file: path),
        advice: "Give the path of a run.zorba file.")
    }
    return Int(status.st_size)
  }

  /// `count` bytes, fewer only at the end of the file.
  func read(at offset: Int, count: Int) throws -> [UInt8] {
    var failure: Int32?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while initialized < count {
        let got = pread(
          descriptor, buffer.baseAddress.map { $0 + initialized }, count - initialized,
          off_t(offset + initialized))
        if got > 0 {
          initialized += got
        } else if got == 0 {
          return
        } else if errno != EINTR {
          failure = errno
          return
        }
      }
    }
    if let failure {
      throw Self.systemError("cannot read the journal", path: path, number: failure)
    }
    return bytes
  }

  /// Writes all bytes, or throws with an unknown number of them written.
  func write(_ bytes: [UInt8], at offset: Int) throws {
    try bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
        let written = calls.write(descriptor, rest, off_t(offset + done))
        if written > 0 {
          done += written
        } else if written == 0 || errno != EINTR {
          throw Self.systemError(
            "cannot write the journal", path: path, number: written == 0 ? EIO : errno,
            advice: "Make room on the disk and resume the run.")
        }
      }
    }
  }

  /// Returns when everything written is on the disk.
  func synchronize() throws {
    guard calls.synchronize(descriptor) == 0 else {
      throw Self.systemError(
        "the disk did not confirm the journal", path: path, number: errno,
        advice: "Check the disk, then resume the run.")
    }
  }

  func truncate(to byteCount: Int) throws {
    guard ftruncate(descriptor, off_t(byteCount)) == 0 else {
      throw Self.systemError("cannot shorten the journal", path: path, number: errno)
    }
  }

  /// Makes the file's name as durable as its contents.
  func synchronizeFolder() throws {
    let folder =
      path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let directory = open(folder, O_RDONLY | O_CLOEXEC)
    guard directory >= 0 else {
      throw Self.systemError("cannot open the journal's folder", path: folder, number: errno)
    }
    defer { close(directory) }
    // Some file systems cannot synchronise a folder and say so with EINVAL.
    guard fsync(directory) == 0 || errno == EINVAL else {
      throw Self.systemError("the disk did not confirm the journal", path: folder, number: errno)
    }
  }

  /// Removes the name, for a journal whose header could not be written.
  func remove() { unlink(path) }
}
