import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A small file that is replaced as a whole, durably and for its owner alone.
struct WholeFile {
  let path: String
  private let folder: String
  private let synchronize: (Int32) -> Int32

  /// - Parameter synchronize: Makes a file durable; replaceable so that tests can fail it.
  init(folder: String, name: String, synchronize: @escaping (Int32) -> Int32 = { fsync($0) }) {
    self.folder = folder
    path = (folder.hasSuffix("/") ? folder : folder + "/") + name
    self.synchronize = synchronize
  }

  /// What is in it; nil when there is none.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`, also for what is no regular file or longer than `limit`.
  func read(limit: Int) throws -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw failure("cannot be read")
    }
    defer { _ = close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("cannot be read") }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else {
      throw ZorBAError(.inputOutput, "is none of the site's records", at: .init(file: path))
    }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var done = 0
    while done < bytes.count {
      let got = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done, off_t(done))
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { throw failure("cannot be read") }
      done += got
    }
    return bytes
  }

  /// Puts other bytes in its place and returns when they are on the disk.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`; then the file is as before.
  func replace(with bytes: [UInt8]) throws {
    let temporary = path + ".new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw failure("cannot be written") }
    defer { _ = close(descriptor) }
    var done = 0
    while done < bytes.count {
      let written = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done, off_t(done))
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw failure("cannot be written") }
      done += written
    }
    guard fchmod(descriptor, 0o600) == 0, synchronize(descriptor) == 0,
      rename(temporary, path) == 0
    else { throw failure("cannot be put in place") }
    let parent = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if parent >= 0 {
      _ = fsync(parent)
      _ = close(parent)
    }
  }

  private func failure(_ message: String) -> ZorBAError {
    ZorBAError(
      .inputOutput, "\(message): \(String(cString: strerror(errno)))", at: .init(file: path),
      advice: "Nothing was answered. Make room on the disk, or check its permissions.")
  }
}
