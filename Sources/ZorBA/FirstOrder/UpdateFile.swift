import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file of an update, read piece by piece.
final class UpdateFile {
  private let path: String
  private let descriptor: Int32

  private static let pieceBytes = 1 << 18

  /// - Throws: `ZorBAError` with code `inputOutput`.
  init(path: String) throws {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 {
      throw Self.fault("cannot be read: " + String(cString: strerror(errno)), path)
    }
  }

  deinit { close(descriptor) }

  /// Hands on so many bytes from a place on.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when they are not there, and what `body` throws.
  func read(
    from offset: Int, byteCount: Int, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    try withUnsafeTemporaryAllocation(byteCount: Self.pieceBytes, alignment: 16) { buffer in
      var done = 0
      while done < byteCount {
        let count = pread(
          descriptor, buffer.baseAddress, min(buffer.count, byteCount - done),
          off_t(offset + done))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw Self.fault("ends early", path) }
        try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        done += count
      }
    }
  }

  private static func fault(_ message: String, _ path: String) -> ZorBAError {
    ZorBAError(
      .inputOutput, message, at: .init(file: path), advice: "Check the disk and its permissions.")
  }
}
