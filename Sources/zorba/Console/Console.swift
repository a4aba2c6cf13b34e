#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Standard output for results, standard error for everything else.
enum Console {
  /// Whether standard error is a terminal that can redraw a line.
  static let isInteractive = isatty(STDERR_FILENO) == 1

  /// Columns of the terminal on standard error, 80 when unknown.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  static func output(_ text: String) { emit(text, to: STDOUT_FILENO) }
  static func error(_ text: String) { emit(text, to: STDERR_FILENO) }

  private static func emit(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes {
        write(descriptor, $0.baseAddress, $0.count)
      }
      if written < 0 {
        if errno == EINTR { continue }
        return  // a reader that went away is not our error to report
      }
      bytes = bytes.dropFirst(written)
    }
  }
}
