import Synchronization
import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A log file that is put aside when it has grown, so that a year of rounds does not fill a disk.
package final class LineSink: Sendable {
  private struct State {
    var descriptor: Int32
    var bytes: Int
  }

  private let path: String
  private let limit: Int
  private let state: Mutex<State>

  /// - Parameters:
  ///   - path: The file; created for its owner alone.
  ///   - limit: Bytes after which it becomes `path.1` and a new one begins.
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package init(path: String, limit: Int = 64 << 20) throws {
    self.path = path
    self.limit = limit
    let descriptor = Self.open(path)
    guard descriptor >= 0 else {
      throw ZorBAError(
        .inputOutput, "the log cannot be opened: \(String(cString: strerror(errno)))",
        at: .init(file: path), advice: "Check the permissions of the folder.")
    }
    state = Mutex(State(descriptor: descriptor, bytes: Int(lseek(descriptor, 0, SEEK_END))))
  }

  deinit { state.withLock { _ = close($0.descriptor) } }

  private static func open(_ path: String) -> Int32 {
    #if canImport(Glibc)
      Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    #elseif canImport(Musl)
      Musl.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    #else
      Darwin.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    #endif
  }

  /// Adds a line; one that cannot be written is lost.
  package func append(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    state.withLock { state in
      if state.bytes > limit { rotate(&state) }
      let written = bytes.withUnsafeBytes { write(state.descriptor, $0.baseAddress, $0.count) }
      if written == bytes.count {
        state.bytes += written
      } else if written > 0 {
        // Half a line would spoil the next one too.
        _ = ftruncate(state.descriptor, off_t(state.bytes))
      }
    }
  }

  private func rotate(_ state: inout State) {
    guard rename(path, path + ".1") == 0 else { return }
    let fresh = Self.open(path)
    guard fresh >= 0 else { return }
    close(state.descriptor)
    state = State(descriptor: fresh, bytes: 0)
  }
}
