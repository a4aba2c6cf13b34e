import ZorBADiagnostics

#if canImport(Glibc)
  package import Glibc
#elseif canImport(Musl)
  package import Musl
#else
  package import Darwin
#endif

/// The system calls that can fail on a full or broken disk, replaceable so that tests can fail them.
package struct SiteSystemCalls: Sendable {
  /// As `pwrite`; with a nil offset, as `write`.
  package var write: @Sendable (Int32, UnsafeRawBufferPointer, off_t?) -> Int
  /// As `fdatasync`.
  package var synchronize: @Sendable (Int32) -> Int32

  package init(
    write: @escaping @Sendable (Int32, UnsafeRawBufferPointer, off_t?) -> Int,
    synchronize: @escaping @Sendable (Int32) -> Int32
  ) {
    self.write = write
    self.synchronize = synchronize
  }

  /// The operating system's.
  package static let system = SiteSystemCalls(
    write: { descriptor, bytes, offset in
      if let offset { return pwrite(descriptor, bytes.baseAddress, bytes.count, offset) }
      #if canImport(Glibc)
        return Glibc.write(descriptor, bytes.baseAddress, bytes.count)
      #elseif canImport(Musl)
        return Musl.write(descriptor, bytes.baseAddress, bytes.count)
      #else
        return Darwin.write(descriptor, bytes.baseAddress, bytes.count)
      #endif
    },
    synchronize: { descriptor in
      #if canImport(Darwin)
        fsync(descriptor)
      #else
        fdatasync(descriptor)
      #endif
    })
}

/// An open regular file of the site's; closed when the last reference goes.
final class SiteFile {
  let path: String
  private let descriptor: Int32
  private let calls: SiteSystemCalls

  convenience init(reading path: String) throws {
    try self.init(path: path, flags: O_RDONLY)
  }

  /// Opens a file, for its owner alone if it is made.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`, also for what is no regular file.
  init(path: String, flags: Int32, calls: SiteSystemCalls = .system) throws {
    // Without O_NONBLOCK, opening a pipe waits for its other end.
    let descriptor = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw Self.failure("cannot be opened", path, errno) }
    self.path = path
    self.descriptor = descriptor
    self.calls = calls
    guard try status().st_mode & S_IFMT == S_IFREG else {
      throw ZorBAError(.inputOutput, "is no regular file", at: .init(file: path))
    }
  }

  deinit { close(descriptor) }

  static func failure(
    _ message: String, _ path: String, _ number: Int32, advice: String? = nil
  ) -> ZorBAError {
    ZorBAError(
      .inputOutput, "\(message): \(String(cString: strerror(number)))", at: .init(file: path),
      advice: advice)
  }

  /// Bytes in the file.
  func byteCount() throws -> Int { Int(try status().st_size) }

  /// Whether the path still leads to this file: nobody moved or removed it.
  func isInPlace() throws -> Bool {
    let mine = try status()
    var there = stat()
    return stat(path, &there) == 0 && there.st_dev == mine.st_dev && there.st_ino == mine.st_ino
  }

  private func status() throws -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw Self.failure("cannot be read", path, errno)
    }
    return status
  }

  /// Takes reading and writing away from everybody but the owner.
  func makePrivate() throws {
    guard fchmod(descriptor, 0o600) == 0 else {
      throw Self.failure(
        "cannot be made private", path, errno, advice: "Make the site's user its owner.")
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

  /// Writes all bytes, at the end when `offset` is nil; throws with an unknown number of them
  /// written.
  func write(_ bytes: [UInt8], at offset: Int?) throws {
    try bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
        let written = calls.write(descriptor, rest, offset.map { off_t($0 + done) })
        if written > 0 {
          done += written
        } else if written == 0 || errno != EINTR {
          throw Self.failure(
            "cannot be written", path, written == 0 ? EIO : errno,
            advice: "Nothing was sent. Make room on the disk, or check its permissions.")
        }
      }
    }
  }

  /// Returns when everything written is on the disk.
  func synchronize() throws {
    guard calls.synchronize(descriptor) == 0 else {
      throw Self.failure(
        "was not confirmed by the disk", path, errno,
        advice: "Nothing was sent. Check the disk.")
    }
  }

  /// Cuts the file; false when the system would not.
  func truncate(to bytes: Int) -> Bool { ftruncate(descriptor, off_t(bytes)) == 0 }

  /// Makes names in a folder as durable as contents; some file systems cannot and need not.
  static func synchronizeFolder(_ folder: String) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
