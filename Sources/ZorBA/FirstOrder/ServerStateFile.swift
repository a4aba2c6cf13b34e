import Crypto
import ZorBADiagnostics
import ZorBAOptimization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The coordinator's moments on disk, beside the journal: `server-0.state`, `server-1.state`.
///
/// The journal holds what changes the model, and nothing else; the moments only decide what later
/// rounds will be. A round's moments are on the disk before its record is, in the file that the round
/// before the last one had: whichever round a killed run's journal ends with, its moments are there.
///
///     magic "ZORBASRV" | version u32 = 1 | run key 32 bytes | round u64 | elements u64
///     m, v: binary32, tensor after tensor | first 16 bytes of SHA-256 of all before
///
/// Integers and floats are little endian.
struct ServerStateFile {
  let folder: String
  let runKey: RunKey

  private static let magic = Array("ZORBASRV".utf8)
  private static let version: UInt32 = 1

  /// Where a round's moments lie.
  func path(round: Int) -> String { "\(folder)/server-\(round % 2).state" }

  private func head(round: Int, elements: Int) -> [UInt8] {
    var bytes = Self.magic
    bytes.append(littleEndian: Self.version)
    bytes += runKey.bytes
    bytes.append(littleEndian: UInt64(round))
    bytes.append(littleEndian: UInt64(elements))
    return bytes
  }

  /// Writes the moments durably; the file is there as a whole or not at all.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  func save(_ moments: [DenseBuffers], round: Int) throws {
    let path = path(round: round)
    let temporary = path + ".new"
    let elements = moments.first?.tensors.reduce(0) { $0 + $1.count } ?? 0
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure(path, "cannot be written") }
    defer { close(descriptor) }
    var hash = SHA256()
    func put(_ bytes: UnsafeRawBufferPointer) throws {
      hash.update(bufferPointer: bytes)
      try Self.write(bytes, to: descriptor, path: path)
    }
    try head(round: round, elements: elements).withUnsafeBytes(put)
    for tensor in moments.flatMap(\.tensors) where !tensor.isEmpty {
      try put(UnsafeRawBufferPointer(tensor))
    }
    try Array(hash.finalize().prefix(Digest128.byteCount)).withUnsafeBytes {
      try Self.write($0, to: descriptor, path: path)
    }
    guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
      throw Self.failure(path, "cannot be written")
    }
  }

  /// Reads the moments of a round.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when they are not there whole.
  func load(_ moments: [DenseBuffers], round: Int) throws {
    let path = path(round: round)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.fault(path, "cannot be read", round) }
    defer { close(descriptor) }
    var hash = SHA256()
    func take(_ bytes: UnsafeMutableRawBufferPointer) throws {
      guard Self.read(bytes, from: descriptor) else { throw Self.fault(path, "ends early", round) }
    }
    let expected = head(
      round: round, elements: moments.first?.tensors.reduce(0) { $0 + $1.count } ?? 0)
    var found = [UInt8](repeating: 0, count: expected.count)
    try found.withUnsafeMutableBytes(take)
    guard found == expected else { throw Self.fault(path, "is of another round or run", round) }
    hash.update(data: found)
    for tensor in moments.flatMap(\.tensors) where !tensor.isEmpty {
      try take(UnsafeMutableRawBufferPointer(tensor))
      hash.update(bufferPointer: UnsafeRawBufferPointer(tensor))
    }
    var digest = [UInt8](repeating: 0, count: Digest128.byteCount + 1)
    let count = digest.withUnsafeMutableBytes { Self.readSome($0, from: descriptor) }
    guard count == Digest128.byteCount, digest.dropLast().elementsEqual(hash.finalize().prefix(16))
    else { throw Self.fault(path, "is damaged", round) }
  }

  private static func write(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String
  ) throws {
    var rest = bytes
    while !rest.isEmpty {
      #if canImport(Glibc)
        let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
      #elseif canImport(Musl)
        let written = Musl.write(descriptor, rest.baseAddress, rest.count)
      #else
        let written = Darwin.write(descriptor, rest.baseAddress, rest.count)
      #endif
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw failure(path, "cannot be written") }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  private static func read(_ bytes: UnsafeMutableRawBufferPointer, from file: Int32) -> Bool {
    readSome(bytes, from: file) == bytes.count
  }

  /// Fills as much as the file still has.
  private static func readSome(_ bytes: UnsafeMutableRawBufferPointer, from file: Int32) -> Int {
    var done = 0
    while done < bytes.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
      #if canImport(Glibc)
        let count = Glibc.read(file, rest.baseAddress, rest.count)
      #elseif canImport(Musl)
        let count = Musl.read(file, rest.baseAddress, rest.count)
      #else
        let count = Darwin.read(file, rest.baseAddress, rest.count)
      #endif
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      done += count
    }
    return done
  }

  private static func failure(_ path: String, _ message: String) -> ZorBAError {
    ZorBAError(
      .inputOutput, "\(message): \(String(cString: strerror(errno)))", at: .init(file: path),
      advice: "Check that the disk has room and the folder can be written to.")
  }

  private static func fault(_ path: String, _ message: String, _ round: Int) -> ZorBAError {
    ZorBAError(
      .invalidData, "\(message): the coordinator's moments after round \(round) are not there",
      at: .init(file: path),
      advice: "Bring the file back, or start another run from the weights of this one.")
  }
}
