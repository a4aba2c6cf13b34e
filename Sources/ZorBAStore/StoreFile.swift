import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The file of a store before SQLite sees it: present, and closed to everybody but its owner.
enum StoreFile {
  /// Makes the folder (0700, with its parents) and an empty file (0600) where they are missing.
  ///
  /// SQLite gives `-wal` and `-shm` the mode of the file. What exists keeps its mode: the operator
  /// may have opened it to a group.
  static func prepare(_ path: String) throws {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw ZorBAError(
        .invalidConfiguration, "'\(path.excerpt())' cannot be the path of a store",
        advice: "Give the path of a file in the coordinator's state folder.")
    }
    try makeFolder(folder(of: path))
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("cannot open the store", path, errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ZorBAError(
        .inputOutput, "this is no regular file", at: .init(file: path),
        advice: "Give the path of a file in the coordinator's state folder.")
    }
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func makeFolder(_ folder: String) throws {
    if mkdir(folder, 0o700) == 0 || errno == EEXIST { return }
    let parent = self.folder(of: folder)
    guard errno == ENOENT, parent != folder else {
      throw failure("cannot make the folder", folder, errno)
    }
    try makeFolder(parent)
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
      throw failure("cannot make the folder", folder, errno)
    }
  }

  static func failure(_ message: String, _ path: String, _ number: Int32) -> ZorBAError {
    ZorBAError(
      .inputOutput, "\(message): \(String(cString: strerror(number)))", at: .init(file: path),
      advice: "The coordinator's own user must be able to write there.")
  }
}
