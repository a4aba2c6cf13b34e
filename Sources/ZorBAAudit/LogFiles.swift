#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The files of a log: `NAME` is being written, `NAME.1`, `NAME.2` … are the ones before it, the
/// oldest first. None is ever removed.
package struct LogFiles: Sendable, Equatable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// The key lies beside the log.
  package var key: String { "\(path).key" }
  var lock: String { "\(path).lock" }
  /// Takes up room for records that must still be written when the disk is full.
  package var spare: String { "\(path).spare" }

  /// The full files, the oldest first.
  package var full: [String] {
    var files: [String] = []
    while Self.exists("\(path).\(files.count + 1)") { files.append("\(path).\(files.count + 1)") }
    return files
  }

  /// All files there are, the oldest first.
  package var all: [String] { full + (Self.exists(path) ? [path] : []) }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
