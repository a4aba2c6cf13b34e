import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The bytes of a file in order, read a chunk at a time.
///
/// Chunks rather than a memory map: a file that shrinks while it is read then gives a short read,
/// not a signal, and resident memory is one chunk whatever the size of the file. The UTF-8
/// byte-order mark is skipped; a UTF-16 mark is an error at once, because every later complaint
/// about such a file would only confuse.
final class ByteStream {
  /// The path as the user wrote it, for errors.
  let file: String
  /// The line of the next byte, counted from 1.
  private(set) var line = 1

  private let descriptor: Int32?
  /// Unread bytes are `buffer[position..<end]`.
  private var buffer: [UInt8]
  private var position = 0
  private var end: Int

  /// A row longer than this is refused: it is a quote that was never closed, or not a data file.
  static let maximumRowBytes = 64 << 20
  private static let chunkBytes = 256 << 10

  /// Opens a file.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when the system refuses, `invalidData` when
  ///   the file is empty or UTF-16.
  init(path: String) throws {
    file = path
    let opened = open(path, O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else { throw Self.systemFailure("cannot be opened", path) }
    descriptor = opened
    buffer = [UInt8](repeating: 0, count: Self.chunkBytes)
    end = 0
    try begin()
  }

  /// A stream over bytes already in memory; `file` only names them in errors.
  init(bytes: [UInt8], file: String) throws {
    self.file = file
    descriptor = nil
    buffer = bytes
    end = bytes.count
    try begin()
  }

  deinit {
    if let descriptor { _ = close(descriptor) }
  }

  private static func systemFailure(_ what: String, _ path: String) -> ZorBAError {
    ZorBAError(
      .inputOutput, "\(what): \(String(cString: strerror(errno)))", at: .init(file: path),
      advice: "Check the path and its permissions.")
  }

  private func begin() throws {
    if position == end { _ = try refill() }
    guard end > 0 else {
      throw ZorBAError(
        .invalidData, "the file is empty", at: .init(file: file),
        advice: "Name a file with at least one row.")
    }
    let start = buffer[..<min(3, end)]
    if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
      throw ZorBAError(
        .invalidData, "the file is UTF-16 text, not UTF-8", at: .init(file: file, line: 1),
        advice: "Convert it first, for example with: iconv -f UTF-16 -t UTF-8")
    }
    if start.elementsEqual([0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// Replaces the consumed chunk by the next one; false at the end of the file.
  private func refill() throws -> Bool {
    guard let descriptor else { return false }
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw Self.systemFailure("cannot be read", file)
      }
      position = 0
      end = count
      return count > 0
    }
  }

  /// The next byte without consuming it, or nil at the end.
  func peek() throws -> UInt8? {
    if position == end, !(try refill()) { return nil }
    return buffer[position]
  }

  /// Consumes and returns the next byte, or nil at the end.
  func next() throws -> UInt8? {
    if position == end, !(try refill()) { return nil }
    let byte = buffer[position]
    position += 1
    if byte == UInt8(ascii: "\n") { line += 1 }
    return byte
  }

  /// Moves the bytes before the next one that stops into `bytes`; the rest of the file when none
  /// does.
  ///
  /// - Parameters:
  ///   - row: The line on which the row starts, to name should it grow beyond all measure.
  func takeRun(
    into bytes: inout [UInt8], row: Int, until stops: (UInt8) -> Bool
  ) throws {
    while try peek() != nil {
      let run = buffer[position..<end].prefix { !stops($0) }
      bytes.append(contentsOf: run)
      position = run.endIndex
      line += run.count { $0 == UInt8(ascii: "\n") }
      if position < end { return }
      try checkLength(bytes.count, from: row)
    }
  }

  /// Replaces `row` by the next line without its line feed; false when nothing is left.
  ///
  /// A carriage return before the line feed stays: what it means is the format's affair.
  func nextLine(into row: inout [UInt8]) throws -> Bool {
    row.removeAll(keepingCapacity: true)
    guard try peek() != nil else { return false }
    repeat {
      let rest = buffer[position..<end]
      if let feed = rest.firstIndex(of: UInt8(ascii: "\n")) {
        row.append(contentsOf: buffer[position..<feed])
        position = feed + 1
        line += 1
        return true
      }
      row.append(contentsOf: rest)
      position = end
      try checkLength(row.count, from: line)
    } while try refill()
    return true
  }

  /// Appends `count` unread bytes, or what is left of the file.
  func take(_ count: Int, into bytes: inout [UInt8]) throws {
    let goal = bytes.count + count
    while bytes.count < goal {
      guard try peek() != nil else { break }
      let taken = min(goal - bytes.count, end - position)
      let part = buffer[position..<position + taken]
      line += part.count { $0 == UInt8(ascii: "\n") }
      bytes.append(contentsOf: part)
      position += taken
    }
  }

  /// Throws when a row has outgrown what any data row needs.
  func checkLength(_ count: Int, from start: Int) throws {
    if count > Self.maximumRowBytes {
      throw ZorBAError(
        .invalidData, "the row is longer than \(Self.maximumRowBytes >> 20) MiB",
        at: .init(file: file, line: start),
        advice: "Look for a quote that is never closed, or a missing line break.")
    }
  }
}
