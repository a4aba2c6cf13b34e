import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file read piece by piece from any place; closed when the last reference goes.
final class FileReader: Sendable {
  private let path: String
  private let descriptor: Int32

  /// - Throws: `ZorBAError` with code `inputOutput`.
  init(path: String) throws {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw Self.fault(path) }
  }

  deinit { close(descriptor) }

  /// Bytes of the file; nil when it is a pipe or the like.
  var byteCount: UInt64? {
    let end = lseek(descriptor, 0, SEEK_END)
    return end >= 0 ? UInt64(end) : nil
  }

  /// Up to `count` bytes; none at the end.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  func read(at offset: UInt64, count: Int) throws -> [UInt8] {
    guard let place = off_t(exactly: offset) else { return [] }
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while initialized < count {
        let got = pread(
          descriptor, buffer.baseAddress.map { $0 + initialized }, count - initialized,
          place + off_t(initialized))
        if got > 0 {
          initialized += got
        } else if got == 0 {
          return
        } else if errno != EINTR {
          failed = true
          return
        }
      }
    }
    if failed { throw Self.fault(path) }
    return bytes
  }

  private static func fault(_ path: String) -> ZorBAError {
    ZorBAError(
      .inputOutput, "cannot be read: \(String(cString: strerror(errno)))", at: .init(file: path),
      advice: "Check the permissions and the disk.")
  }
}
