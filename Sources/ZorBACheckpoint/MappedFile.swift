package import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A whole file, mapped read-only.
///
/// Nothing is read until it is touched, and what has been touched is the page cache's, not this
/// process's own: mapping a checkpoint larger than memory is fine. The file must keep its length
/// while it is mapped; replacing it by renaming another over it is safe, truncating it in place is
/// not.
///
/// `@unchecked Sendable`: the mapping is never written and lives as long as the object.
package final class MappedFile: @unchecked Sendable {
  /// The path as it was given.
  package let path: String
  /// The file's content.
  package let bytes: UnsafeRawBufferPointer

  package var byteCount: Int { bytes.count }

  /// Maps the file.
  ///
  /// - Parameters:
  ///   - path: A regular file, or a link to one.
  ///   - emptyFileCode: The code of the error for an empty file, which no format here allows.
  /// - Throws: `ZorBAError` with code `inputOutput`, giving the system's reason, when the file is
  ///   missing, unreadable or not a regular file.
  package init(path: String, emptyFileCode: ZorBAError.Code = .invalidModel) throws {
    // O_NONBLOCK: opening a named pipe must fail below, not wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.cannotOpen(path, .last) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.cannotOpen(path, .last) }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw ZorBAError(
        .inputOutput, "is a directory; a file is needed here", at: .init(file: path),
        advice: "Name a file inside it.")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ZorBAError(
        .inputOutput, "is not a regular file and cannot be mapped", at: .init(file: path),
        advice: "Copy its content to a file first.")
    }
    guard let count = Int(exactly: status.st_size), count > 0 else {
      throw ZorBAError(
        emptyFileCode, "the file is empty", at: .init(file: path),
        advice: "Download or copy it again; the last attempt left nothing in it.")
    }
    guard let start = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED
    else {
      throw ZorBAError(
        .inputOutput, "cannot map \(count) bytes", at: .init(file: path),
        advice: "Check the memory limits of this process (ulimit -v).", cause: SystemError.last)
    }
    self.path = path
    self.bytes = UnsafeRawBufferPointer(start: start, count: count)
  }

  deinit {
    if let start = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }
  }

  /// Gives back the resident pages under `range`, so that a long read costs no memory behind it.
  ///
  /// The bytes stay readable: touching them again reads them from the page cache or the file.
  package func discardPages(_ range: Range<Int>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let bounds = range.clamped(to: 0..<byteCount)
    guard page > 0, !bounds.isEmpty, let base = bytes.baseAddress else { return }
    let first = bounds.lowerBound / page * page
    madvise(
      UnsafeMutableRawPointer(mutating: base + first), bounds.upperBound - first, MADV_DONTNEED)
  }

  private static func cannotOpen(_ path: String, _ fault: SystemError) -> ZorBAError {
    let advice =
      switch fault.number {
      case ENOENT, ENOTDIR: "Check the path; nothing is there."
      case EACCES, EPERM: "Give this user permission to read it."
      default: "Check the disk and the path."
      }
    return ZorBAError(
      .inputOutput, "cannot open the file", at: .init(file: path), advice: advice, cause: fault)
  }
}

extension MappedFile {
  /// Calls `body` with the content of a file that may also be empty.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` as `init` does, and what `body` throws.
  static func withContent(
    of path: String, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 {
      return try body(UnsafeRawBufferPointer(start: nil, count: 0))
    }
    let file = try MappedFile(path: path)
    try withExtendedLifetime(file) { try body(file.bytes) }
  }
}
