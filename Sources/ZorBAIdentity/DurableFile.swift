import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Small files that are wholly there or not at all, with a mode of our choice.
enum DurableFile {
  /// Certificates, requests and keys take a few kilobytes.
  static let limit = 256 * 1024

  /// Mode of files with private keys, and of what everybody may read.
  static let privateMode: mode_t = 0o600
  static let publicMode: mode_t = 0o644

  /// Writes the bytes so that a crash leaves the old file or the new one.
  ///
  /// - Parameter replacing: Whether a file of this name may be there; if not, one that is stays.
  /// - Throws: `ZorBAError` with code `inputOutput`, or `refused` when the name is taken.
  static func write(
    _ bytes: [UInt8], to path: String, mode: mode_t, replacing: Bool = true
  ) throws {
    let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0...(.max))).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else { throw SystemFault.last.error("create", path) }
    defer {
      close(descriptor)
      unlink(temporary)
    }
    try append(bytes, to: descriptor, path: path)
    // A link, unlike a renaming, fails when somebody else was faster.
    guard replacing ? rename(temporary, path) == 0 : link(temporary, path) == 0 else {
      let fault = SystemFault.last
      guard fault.number == EEXIST else { throw fault.error("create", path) }
      throw ZorBAError(
        .refused, "there is a file of this name already", at: .init(file: path),
        advice: "Choose another folder, or remove the file if nobody needs it.")
    }
    try flushFolder(of: path)
  }

  /// Writes all bytes where the descriptor stands and flushes them to the disk.
  static func append(_ bytes: [UInt8], to descriptor: Int32, path: String) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw (count < 0 ? .last : SystemFault(number: ENOSPC)).error("write", path)
      }
      rest = rest.dropFirst(count)
    }
    guard fsync(descriptor) == 0 else { throw SystemFault.last.error("flush", path) }
  }

  /// Makes a new name last; file systems that cannot do this for folders need not.
  static func flushFolder(of path: String) throws {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = slash.map { String(path[...$0]) } ?? "./"
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemFault.last.error("open", folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw SystemFault.last.error("flush", folder)
    }
  }

  /// Makes a folder that only its owner may enter, and the ones above it as usual.
  ///
  /// One that exists keeps its mode, but nobody else may put files there.
  static func makePrivateFolder(_ path: String) throws {
    let parts = path.split(separator: "/")
    var prefix = path.hasPrefix("/") ? "/" : ""
    for (index, part) in parts.enumerated() {
      prefix += part
      if mkdir(prefix, index == parts.count - 1 ? 0o700 : 0o777) != 0 {
        let fault = SystemFault.last
        guard exists(prefix) else { throw fault.error("create", path) }
      }
      prefix += "/"
    }
    var status = stat()
    guard stat(path, &status) == 0 else { throw SystemFault.last.error("open", path) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw ZorBAError(.invalidConfiguration, "this is not a folder", at: .init(file: path))
    }
    guard status.st_mode & 0o022 == 0 else {
      throw ZorBAError(
        .refused, "others may put files into this folder", at: .init(file: path),
        advice: "Choose a new folder, or run 'chmod 700' on this one.")
    }
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}

/// `write(2)` under a name of its own, outside the type whose method would hide it.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
