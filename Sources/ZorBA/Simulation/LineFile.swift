import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A text file that grows line by line.
///
/// Every line reaches the operating system whole before `append` returns, so a killed process
/// leaves at most one torn line and a killed machine loses only what was not yet on disk.
package final class LineFile {
  private let path: String
  private let descriptor: Int32

  /// Opens for appending, creating the file when there is none.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package init(path: String) throws {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    if descriptor < 0 {
      throw ZorBAError(
        .inputOutput, "cannot be opened: \(String(cString: strerror(errno)))",
        at: .init(file: path), advice: "Check the permissions of the folder.")
    }
  }

  deinit { close(descriptor) }

  /// Returns when all lines are on the disk.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package func synchronize() throws {
    if fdatasync(descriptor) != 0 {
      throw ZorBAError(
        .inputOutput, "cannot be written: \(String(cString: strerror(errno)))",
        at: .init(file: path), advice: "Check the disk, then continue with --resume.")
    }
  }

  /// Removes half a line from the end: it would spoil the next one too.
  private func takeBack(_ count: Int) {
    let end = lseek(descriptor, 0, SEEK_END)
    if count > 0, end >= count { _ = ftruncate(descriptor, end - off_t(count)) }
  }

  /// Adds a line.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`, for example when the disk is full.
  package func append(_ line: String) throws {
    let whole = Array((line + "\n").utf8)
    var bytes = whole[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 {
        if errno == EINTR { continue }
        let number = errno
        takeBack(whole.count - bytes.count)
        throw ZorBAError(
          .inputOutput, "cannot be written: \(String(cString: strerror(number)))",
          at: .init(file: path),
          advice: "Make room on the disk, then continue with --resume.")
      }
      bytes = bytes.dropFirst(written)
    }
  }
}
