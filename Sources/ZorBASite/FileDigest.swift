import Crypto
import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The size and SHA-256 of a file, read piece by piece.
struct FileDigest {
  let bytes: UInt64
  let digest: [UInt8]

  /// Bytes of a file; nil when there is none.
  static func size(of path: String) -> UInt64? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return UInt64(max(0, lseek(descriptor, 0, SEEK_END)))
  }

  /// - Throws: `ZorBAError` with code `inputOutput`.
  init(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw DownloadSink.fault(path) }
    defer { close(descriptor) }
    var hash = SHA256()
    var total: UInt64 = 0
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let got = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if got == 0 { break }
      if got < 0 {
        if errno == EINTR { continue }
        throw DownloadSink.fault(path)
      }
      hash.update(data: buffer[..<got])
      total += UInt64(got)
    }
    bytes = total
    digest = Array(hash.finalize())
  }
}
