import Synchronization
import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that a download grows; what is there from an earlier try is kept.
final class DownloadSink: Sendable {
  private let path: String
  private let descriptor: Int32
  private let size: Mutex<UInt64>

  /// - Throws: `ZorBAError` with code `inputOutput`.
  init(path: String) throws {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.fault(path) }
    size = Mutex(UInt64(max(0, lseek(descriptor, 0, SEEK_END))))
  }

  deinit { close(descriptor) }

  /// Bytes that are there.
  var byteCount: UInt64 { size.withLock { $0 } }

  /// Adds bytes.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`, for example when the disk is full.
  func append(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 {
        if errno == EINTR { continue }
        throw Self.fault(path)
      }
      size.withLock { $0 += UInt64(written) }
      rest = rest.dropFirst(written)
    }
  }

  /// Begins again with nothing.
  func restart() throws {
    guard ftruncate(descriptor, 0) == 0 else { throw Self.fault(path) }
    size.withLock { $0 = 0 }
  }

  /// Returns when all bytes are on the disk.
  func synchronize() throws {
    guard fsync(descriptor) == 0 else { throw Self.fault(path) }
  }

  /// Gives the file its name.
  func rename(to name: String) throws {
    #if canImport(Glibc)
      let result = Glibc.rename(path, name)
    #elseif canImport(Musl)
      let result = Musl.rename(path, name)
    #else
      let result = Darwin.rename(path, name)
    #endif
    guard result == 0 else { throw Self.fault(name) }
  }

  static func fault(_ path: String) -> ZorBAError {
    ZorBAError(
      .inputOutput, "cannot be written or read: \(String(cString: strerror(errno)))",
      at: .init(file: path), advice: "Check the permissions and the room on the disk.")
  }
}
