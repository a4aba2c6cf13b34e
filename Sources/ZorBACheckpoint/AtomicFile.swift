import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that appears under its name only once it is complete and on the disk.
///
/// Bytes go to a temporary file in the same folder; `commit` renames it into place. Dropped without
/// a commit, after an error say, it removes the temporary file and what was there before stays.
package final class AtomicFile {
  /// `write(2)`; tests put a full disk here.
  package typealias Write = (Int32, UnsafeRawPointer, Int) -> Int

  private let path: String
  private let temporaryPath: String
  private let write: Write
  private var descriptor: Int32

  /// Creates the temporary file.
  ///
  /// - Parameter audience: Who may read it, under either name.
  /// - Throws: `ZorBAError` with code `inputOutput` when the folder is missing or not writable.
  package init(
    path: String, audience: FileAudience = .owner,
    write: @escaping Write = { systemWrite($0, $1, $2) }
  ) throws {
    let folder = Self.folder(of: path)
    var attempt = 0
    var temporaryPath: String
    repeat {
      // A killed process of the same number may have left one behind.
      temporaryPath = folder + ".zorba-\(getpid())-\(attempt).tmp"
      descriptor = open(
        temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(audience.fileMode))
      attempt += 1
    } while descriptor < 0 && errno == EEXIST && attempt < 10_000
    self.path = path
    self.temporaryPath = temporaryPath
    self.write = write
    guard descriptor >= 0 else { throw Self.failure("create", path, .last) }
    // A umask can also take away what the owner needs.
    guard audience == .umask || fchmod(descriptor, mode_t(audience.fileMode)) == 0 else {
      throw Self.failure("make private", path, .last)
    }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporaryPath)
  }

  /// Appends bytes.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`, when the disk is full for one.
  package func append(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let chunk = UnsafeRawBufferPointer(rebasing: rest)
      guard let start = chunk.baseAddress else { return }
      let written = write(descriptor, start, chunk.count)
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else {
        throw Self.failure("write", path, written < 0 ? .last : SystemError(number: ENOSPC))
      }
      rest = rest.dropFirst(written)
    }
  }

  package func append(_ text: String) throws {
    var text = text
    try text.withUTF8 { try append(UnsafeRawBufferPointer($0)) }
  }

  /// Flushes to the disk and gives the file its name, replacing what bore it.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`; the name is then as before.
  package func commit() throws {
    guard fsync(descriptor) == 0 else { throw Self.failure("flush", path, .last) }
    guard rename(temporaryPath, path) == 0 else { throw Self.failure("rename", path, .last) }
    close(descriptor)
    descriptor = -1
    // The new name lasts only once the folder is flushed; file systems that cannot do this need
    // not, so the result does not matter.
    let folder = open(Self.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }

  /// Everything up to the last slash, or `./`.
  private static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "./" }
    return String(path[...slash])
  }

  private static func failure(_ verb: String, _ path: String, _ fault: SystemError) -> ZorBAError {
    let advice =
      switch fault.number {
      case ENOSPC, EDQUOT: "The disk is full: free some space, then run the same command again."
      case EACCES, EPERM, EROFS: "Choose a folder that this user may write to."
      case ENOENT: "Create the folder first."
      default: "Check the disk."
      }
    return ZorBAError(
      .inputOutput, "cannot \(verb) the file", at: .init(file: path), advice: advice, cause: fault)
  }
}

/// `write(2)` under a name of its own, outside the class whose method would hide it.
package func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
