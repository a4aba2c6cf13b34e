package import ZorBAFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The log of every message that left the site, one JSON object a line, for its owner alone.
///
/// A line is written before its message is sent; when it cannot be written, the message must not
/// be sent. Two files are kept, the current one and the one before it (`.1`), each of at most half
/// the size allowed.
package final class SentLog {
  package let path: String
  private let bytesPerFile: Int
  private let calls: FileSystemCalls
  private var file: PrivateFile?

  /// Opens the log, or begins one.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package init(path: String, keepMiB: Int, calls: FileSystemCalls = .system) throws {
    self.path = path
    self.bytesPerFile = min(max(1, keepMiB), 1 << 20) << 19
    self.calls = calls
    _ = try current()
  }

  /// Writes a line.
  ///
  /// - Parameter durably: Whether to return only when the line is on the disk; otherwise it has
  ///   reached the operating system, which outlives the process but not a power cut.
  /// - Throws: `ZorBAError` with code `inputOutput`; no part of the line remains, if the disk lets
  ///   it be taken back, and the message must not be sent.
  package func append(_ line: SentLine, durably: Bool) throws {
    let bytes = Array((line.json + "\n").utf8)
    var file = try current()
    var size = try file.byteCount()
    if size > 0, size.addingSaturating(bytes.count) > bytesPerFile {
      file = try rotated(file)
      size = 0
    }
    do {
      try file.append(bytes)
      if durably { try file.synchronize() }
    } catch {
      // What cannot be taken back is closed: opening it again ends a torn line.
      if !file.truncate(to: size) { self.file = nil }
      throw error
    }
  }

  /// The open file; opened anew when there is none or somebody moved it.
  private func current() throws -> PrivateFile {
    if let file, try file.isInPlace() { return file }
    let file = try PrivateFile(path: path, for: .appending, advice: .site, calls: calls)
    let size = try file.byteCount()
    if size > 0, try file.read(at: size - 1, count: 1) != [UInt8(ascii: "\n")] {
      try file.append([UInt8(ascii: "\n")])
    }
    self.file = file
    return file
  }

  /// Puts the current file in the place of the one before it, and begins another.
  private func rotated(_ file: PrivateFile) throws -> PrivateFile {
    try file.synchronize()
    guard rename(path, path + ".1") == 0 else {
      throw FileAdvice.site.failure(
        "cannot be put aside", path, errno, advice: "Nothing was sent. Check the folder.")
    }
    self.file = nil
    return try current()
  }
}
