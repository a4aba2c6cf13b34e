import Synchronization
import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Standard output for results, standard error for everything else.
package enum Console {
  /// Whether standard error is a terminal that can redraw a line.
  package static let isInteractive = isatty(STDERR_FILENO) == 1

  /// Columns of the terminal on standard error, 80 when unknown.
  package static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// The first error of standard output, as `errno` has it; 0 when there was none.
  private static let outputFault = Atomic<Int32>(0)

  package static func output(_ text: String) {
    guard let fault = emit(text, to: STDOUT_FILENO) else { return }
    _ = outputFault.compareExchange(expected: 0, desired: fault, ordering: .relaxed)
  }

  package static func error(_ text: String) { _ = emit(text, to: STDERR_FILENO) }

  /// Checks that everything given to `output` was written; a reader that went away is no fault.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`, for example when the disk is full.
  package static func checkOutput() throws {
    let fault = outputFault.load(ordering: .relaxed)
    guard fault != 0, fault != EPIPE else { return }
    throw ZorBAError(
      .inputOutput, "standard output cannot be written: \(String(cString: strerror(fault)))",
      advice: "Make room, or send the output elsewhere.")
  }

  /// Writes all of a text; returns `errno` when that cannot be done.
  private static func emit(_ text: String, to descriptor: Int32) -> Int32? {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes {
        write(descriptor, $0.baseAddress, $0.count)
      }
      if written < 0 {
        if errno == EINTR { continue }
        return errno
      }
      bytes = bytes.dropFirst(written)
    }
    return nil
  }
}
