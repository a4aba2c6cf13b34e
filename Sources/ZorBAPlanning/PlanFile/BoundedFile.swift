import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reads small files that people hand over, without believing that they are small.
enum BoundedFile {
  /// The bytes of a regular file; its size is asked for before anything is read.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when it is missing, no regular file, or
  ///   longer than `limit` bytes.
  static func contents(of path: String, limit: Int, advice: String) throws -> [UInt8] {
    func failure(_ message: String) -> ZorBAError {
      ZorBAError(.invalidConfiguration, message, at: .init(file: path), advice: advice)
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw failure("cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw failure("is no regular file")
    }
    guard Int(status.st_size) <= limit else {
      throw failure("is \(status.st_size) bytes long; \(limit) are allowed")
    }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var count = 0
    while count < bytes.count {
      let got = bytes.withUnsafeMutableBytes { buffer in
        read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
      }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw failure("cannot be read: \(String(cString: strerror(errno)))") }
      if got == 0 { break }
      count += got
    }
    return Array(bytes.prefix(count))
  }
}
