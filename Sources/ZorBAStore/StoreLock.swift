import Synchronization
import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Keeps a second process, or a second store of this one, out of a file.
///
/// The lock lies on a file beside the database, since SQLite has locks of its own on that one, and
/// goes with the process however that ends. The side file holds the number of the process and is
/// left behind: removing it could remove a successor's.
final class StoreLock: Sendable {
  private let descriptor: Mutex<Int32?>

  /// - Throws: `ZorBAError` `refused` when the lock is taken, naming the process that has it.
  init(path: String) throws {
    let side = path + ".lock"
    let opened = open(side, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard opened >= 0 else { throw StoreFile.failure("cannot open the lock", side, errno) }
    guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
      let number = errno
      defer { Self.close(opened) }
      guard number == EWOULDBLOCK else { throw StoreFile.failure("cannot lock", side, number) }
      let holder = Self.holder(opened).map { "process \($0)" } ?? "another process"
      throw ZorBAError(
        .refused, "\(holder) has this store open", at: .init(file: path),
        advice: "Stop it first, or give this coordinator a state folder of its own.")
    }
    descriptor = Mutex(opened)
    // The number is a courtesy: without it, on a full disk, the lock holds all the same.
    let text = Array("\(getpid())\n".utf8)
    if ftruncate(opened, 0) == 0 { _ = pwrite(opened, text, text.count, 0) }
  }

  deinit { release() }

  func release() {
    descriptor.withLock { descriptor in
      if let opened = descriptor { Self.close(opened) }
      descriptor = nil
    }
  }

  private static func close(_ descriptor: Int32) {
    #if canImport(Glibc)
      _ = Glibc.close(descriptor)
    #elseif canImport(Musl)
      _ = Musl.close(descriptor)
    #else
      _ = Darwin.close(descriptor)
    #endif
  }

  private static func holder(_ descriptor: Int32) -> Int? {
    var bytes = [UInt8](repeating: 0, count: 24)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    guard count > 1 else { return nil }
    return Int(String(decoding: bytes.prefix(count - 1), as: UTF8.self))
  }
}
