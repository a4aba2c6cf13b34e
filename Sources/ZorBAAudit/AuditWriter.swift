import Crypto
import ZorBADiagnostics
import ZorBAFiles
import ZorBAJSON

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The end of a log, and how it grows.
struct AuditWriter {
  let files: LogFiles
  let head: LogHead
  private(set) var opening: AuditLog.Standing
  private let key: Curve25519.Signing.PrivateKey
  private let options: AuditLog.Options
  /// Keeps other processes out.
  private let lock: PrivateFile
  /// The file that is being written; nil before its first record, or after a fault that left an
  /// unknown end.
  private var file: PrivateFile?
  private var size = 0
  private var next = 0
  private var previous = [UInt8](repeating: 0, count: AuditRecord.digestBytes)

  init(_ files: LogFiles, keeper: (any LogKeeper)?, options: AuditLog.Options) throws {
    self.files = files
    self.options = options
    try Self.makeFolder(of: files.path)
    lock = try PrivateFile(path: files.lock, for: .locking, advice: .audit)
    guard try lock.lock() else {
      throw ZorBAError(
        .refused, "another process keeps this audit log", at: .init(file: files.lock),
        advice: "End the other process first; a log has one writer.")
    }
    let known = try LogKey.load(files.key)
    let hasRecords = files.all.contains { Self.byteCount($0) > 0 }
    guard known != nil || !hasRecords else {
      throw ZorBAError(
        .invalidData, "the key of this audit log is gone", at: .init(file: files.key),
        advice: "Restore it from a backup, or move all files of the log away to begin a new one.")
    }
    let key = try known ?? LogKey.make(files.key)
    self.key = key
    var head = LogHead(key: Array(key.publicKey.rawRepresentation))
    if let keeper {
      head.keeper = keeper.principal
      head.certificates = Array(keeper.certificates.prefix(2))
      head.certification = try keeper.sign(head.statement)
    }
    self.head = head
    opening = AuditLog.Standing(records: 0, isNew: !hasRecords, repairedBytes: 0)
    try takeUp()
    opening.records = next
  }

  private static func byteCount(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  private static func makeFolder(of path: String) throws {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
    let folder = String(path[..<slash])
    guard !LogFiles.exists(folder) else { return }
    try makeFolder(of: folder)
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
      throw FileAdvice.audit.failure("cannot be made", folder, errno)
    }
  }

  // MARK: - Growing

  mutating func append(_ entry: AuditEntry) throws -> AuditRecord {
    if file == nil { try takeUp() }
    let entry = entry.recordable()
    do {
      return try place(entry)
    } catch {
      // The room that was set aside is for this.
      guard unlink(files.spare) == 0 else { throw error }
      if file == nil { try takeUp() }
      return try place(entry)
    }
  }

  private mutating func place(_ entry: AuditEntry) throws -> AuditRecord {
    if size >= options.bytesPerFile, !Self.isHead(entry) { try beginNextFile() }
    return try write(entry)
  }

  private static func isHead(_ entry: AuditEntry) -> Bool {
    entry.what == .logBegan || entry.what == .logContinued
  }

  private mutating func write(_ entry: AuditEntry) throws -> AuditRecord {
    guard let file else {
      throw ZorBAError(.inputOutput, "the audit log is not open", at: .init(file: files.path))
    }
    let record = try AuditRecord(
      n: next, time: options.clock(), entry: entry, previous: previous, key: key)
    let line = Array((record.line + "\n").utf8)
    do {
      try file.append(line)
      if entry.what.isDurable { try file.synchronize() }
    } catch {
      // What cannot be taken back is looked at again before anything follows it.
      if !file.truncate(to: size) { self.file = nil }
      throw error
    }
    size += line.count
    next += 1
    previous = Array(SHA256.hash(data: line.dropLast()))
    return record
  }

  /// Sets room aside for records, in a file that makes way when the disk is full.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when the disk has none.
  mutating func reserve() throws {
    if file == nil { try takeUp() }
    let number = options.calls.reserve(files.spare, 4 * AuditRecord.lineLimit)
    guard number == 0 else {
      throw FileAdvice.audit.failure(
        "cannot set room aside", files.spare, number,
        advice: "What was to be recorded was not done. Make room on the disk.")
    }
  }

  func synchronize() throws { try file?.synchronize() }

  /// Puts a full file aside and begins the next one, which says again who keeps the log.
  private mutating func beginNextFile() throws {
    try file?.synchronize()
    let place = "\(files.path).\(files.full.count + 1)"
    guard rename(files.path, place) == 0 else {
      throw FileAdvice.audit.failure("cannot be put aside", files.path, errno)
    }
    file = nil
    try takeUp()
  }

  // MARK: - Taking up

  /// Finds the end of the log, cuts off what a crash left of a line, and begins a file where none is.
  private mutating func takeUp() throws {
    let full = files.full
    let fresh = try PrivateFile(
      path: files.path, for: .appending, advice: .audit, calls: options.calls)
    PrivateFile.synchronizeFolder(of: files.path)
    var torn: [UInt8] = []
    var last: AuditRecord?
    (last, torn) = try Self.end(of: fresh)
    size = try fresh.byteCount()
    if !torn.isEmpty {
      guard fresh.truncate(to: size - torn.count) else {
        throw FileAdvice.audit.failure("cannot be repaired", files.path, errno)
      }
      size -= torn.count
      opening.repairedBytes += torn.count
    }
    let isFresh = last == nil
    if isFresh, let path = full.last {
      last = try Self.end(
        of: PrivateFile(path: path, for: .reading, advice: .audit)
      ).last
    }
    if let last { try admit(last) }
    file = fresh
    if isFresh {
      let began = last == nil ? AuditKind.logBegan : .logContinued
      try begin(began, file: full.count + 1)
    }
    if !torn.isEmpty {
      _ = try write(
        AuditEntry(
          .logRepaired, digest: Hexadecimal.text(SHA256.hash(data: torn)),
          detail: ["bytes": .integer(torn.count)]))
    }
  }

  private mutating func begin(_ kind: AuditKind, file number: Int) throws {
    var entry = AuditEntry(kind, by: head.keeper ?? AuditEntry.local, detail: head.detail)
    _ = entry.detail.append(.init(key: "file", value: .integer(number)))
    do {
      _ = try write(entry.recordable())
    } catch {
      file = nil
      throw error
    }
  }

  /// Goes on after a record, if it is this log's.
  private mutating func admit(_ record: AuditRecord) throws {
    let key = key.publicKey
    guard record.hasItsHash, record.isSigned(by: key) else {
      throw ZorBAError(
        .invalidData, "the last record of the audit log was not written with its key",
        at: .init(file: files.path),
        advice: "Run 'zorba audit verify', and move the log away to begin a new one.")
    }
    next = record.n + 1
    previous = record.digest
  }

  /// The last whole record of a file, and what stands after it; nothing of an empty file.
  private static func end(of file: PrivateFile) throws -> (last: AuditRecord?, torn: [UInt8]) {
    let size = try file.byteCount()
    let start = max(0, size - 2 * AuditRecord.lineLimit)
    let bytes = try file.read(at: start, count: size - start)
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard let torn = lines.last, lines.count > 1 else {
      guard start == 0 else {
        throw ZorBAError(
          .invalidData, "the end of the audit log is no record", at: .init(file: file.path),
          advice: "Run 'zorba audit verify', and move the log away to begin a new one.")
      }
      return (nil, bytes)
    }
    let line = Array(lines[lines.count - 2])
    do {
      return (try AuditRecord(line: line, file: file.path), Array(torn))
    } catch let error as ZorBAError {
      throw ZorBAError(
        .invalidData, "the last record of the audit log is damaged: \(error.message)",
        at: .init(file: file.path),
        advice: "Run 'zorba audit verify', and move the log away to begin a new one.")
    }
  }
}
