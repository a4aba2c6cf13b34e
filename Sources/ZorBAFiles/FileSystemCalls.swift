#if canImport(Glibc)
  package import Glibc
#elseif canImport(Musl)
  package import Musl
#else
  package import Darwin
#endif

/// The system calls that can fail on a full or broken disk, replaceable so that tests can fail them.
package struct FileSystemCalls: Sendable {
  /// As `pwrite`; with a nil offset, as `write`.
  package var write: @Sendable (Int32, UnsafeRawBufferPointer, off_t?) -> Int
  /// As `fdatasync`.
  package var synchronize: @Sendable (Int32) -> Int32
  /// Makes a file of so many bytes that take room on the disk, unless there is one; 0, or an error
  /// number.
  package var reserve: @Sendable (_ path: String, _ bytes: Int) -> Int32

  package init(
    write: @escaping @Sendable (Int32, UnsafeRawBufferPointer, off_t?) -> Int,
    synchronize: @escaping @Sendable (Int32) -> Int32,
    reserve: @escaping @Sendable (String, Int) -> Int32 = { FileSystemCalls.reserve($0, $1) }
  ) {
    self.write = write
    self.synchronize = synchronize
    self.reserve = reserve
  }

  /// The operating system's.
  package static let system = FileSystemCalls(
    write: { descriptor, bytes, offset in
      guard let offset else { return systemWrite(descriptor, bytes.baseAddress, bytes.count) }
      return pwrite(descriptor, bytes.baseAddress, bytes.count, offset)
    },
    synchronize: { descriptor in
      #if canImport(Darwin)
        fsync(descriptor)
      #else
        fdatasync(descriptor)
      #endif
    })

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
}

/// `write(2)` under a name of its own, outside the type whose member would hide it.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
