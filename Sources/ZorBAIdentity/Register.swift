import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An authority's register, held open and locked against every other process.
///
/// The file only grows. A line that was written is flushed to the disk before anybody learns of the
/// certificate it is about.
final class Register {
  private(set) var contents: RegisterContents

  private let descriptor: Int32
  private let path: String

  /// The most bytes of a register: about 700,000 lines.
  static let limit = 256 * 1024 * 1024

  /// Creates an empty register.
  ///
  /// - Throws: `ZorBAError` with code `refused` when there is one.
  static func create(_ path: String) throws {
    try DurableFile.write([], to: path, mode: DurableFile.privateMode, replacing: false)
  }

  /// Opens and locks a register, and reads it.
  ///
  /// - Parameter patience: How long to wait for another process to unlock it.
  /// - Throws: `ZorBAError` with code `inputOutput` when it cannot be opened or stays locked,
  ///   `invalidData` when it cannot be read.
  init(_ path: String, patience: Duration) throws {
    self.path = path
    let descriptor = open(path, O_RDWR | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemFault.last.error("open", path) }
    self.descriptor = descriptor
    do {
      try Self.lock(descriptor, path, patience: patience)
      contents = try RegisterContents(
        DurableFile.readAll(descriptor, path: path, limit: Self.limit), file: path)
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }

  private static func lock(_ descriptor: Int32, _ path: String, patience: Duration) throws {
    let clock = ContinuousClock()
    let deadline = clock.now + patience
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let fault = SystemFault.last
      guard fault.number == EWOULDBLOCK || fault.number == EINTR else {
        throw fault.error("lock", path)
      }
      guard clock.now < deadline else {
        throw ZorBAError(
          .inputOutput, "another process holds this register", at: .init(file: path),
          advice: "Wait until the other 'zorba pki' or coordinator has finished, then try again.")
      }
      usleep(20_000)
    }
  }

  /// Appends entries, all or none of them, and flushes them to the disk.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`; the register is then as before.
  func append(_ entries: [RegisterEntry]) throws {
    var text = contents.endsWithoutNewline ? "\n" : ""
    for entry in entries { text += entry.line + "\n" }
    // What a crash tore off was never acknowledged, and nothing may follow it on its line.
    guard ftruncate(descriptor, off_t(contents.completeLength)) == 0 else {
      throw SystemFault.last.error("repair", path)
    }
    do {
      try DurableFile.append(Array(text.utf8), to: descriptor, path: path)
    } catch {
      ftruncate(descriptor, off_t(contents.completeLength))
      throw error
    }
    contents.extend(by: entries, bytes: text.utf8.count)
  }
}
