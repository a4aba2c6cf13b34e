import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension DurableFile {
  /// The bytes of a regular file.
  ///
  /// - Parameter isPrivate: Whether the file is refused when anybody but its owner may touch it.
  /// - Throws: `ZorBAError` with code `inputOutput`, `invalidData` when it is no file or too large,
  ///   or `refused` when a private file is open to others.
  static func read(
    _ path: String, limit: Int = DurableFile.limit, isPrivate: Bool = false
  ) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw SystemFault.last.error("read", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemFault.last.error("read", path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ZorBAError(.invalidData, "this is not a regular file", at: .init(file: path))
    }
    if isPrivate { try checkPrivate(status, path) }
    return try readAll(descriptor, path: path, limit: limit)
  }

  /// The bytes from the start of an open file, which may grow meanwhile.
  static func readAll(_ descriptor: Int32, path: String, limit: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = chunk.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress, $0.count, off_t(bytes.count))
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw SystemFault.last.error("read", path) }
      if count == 0 { return bytes }
      guard bytes.count + count <= limit else {
        throw ZorBAError(
          .invalidData, "the file is larger than \(limit) bytes", at: .init(file: path),
          advice: "Check that this is the file you mean.")
      }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  private static func checkPrivate(_ status: stat, _ path: String) throws {
    guard status.st_mode & 0o077 != 0 else { return }
    throw ZorBAError(
      .refused,
      "others may read or change this private key: its mode is "
        + "\(String(status.st_mode & 0o777, radix: 8)), not 600",
      at: .init(file: path),
      advice: "Run 'chmod 600' on it; if others could have read it, revoke the certificate.")
  }
}
