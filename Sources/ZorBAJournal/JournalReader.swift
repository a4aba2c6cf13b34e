import ZorBADiagnostics
package import ZorBAOptimization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reads a journal record by record, verifying every one before it is handed out.
///
/// Memory stays at one record (16 MiB at most). The end of the file may be a record that was being
/// written when its writer died; it is left out and counted in `tornByteCount`. Every other fault
/// is an error that names the record and its first byte.
package final class JournalReader {
  /// A record and where it stands.
  package struct Entry: Sendable, Equatable {
    /// Counted from 1; the header is record 0.
    package let index: Int
    /// The record's first byte in the file.
    package let offset: Int
    /// Bytes of the record, framing included.
    package let byteCount: Int
    package let record: JournalRecord
    /// The digest of everything up to here.
    package let chain: Digest128
  }

  package let header: JournalHeader
  /// The digest of everything read so far.
  package private(set) var chain: Digest128
  /// The end of the last whole record read, in bytes from the start of the file.
  package private(set) var offset: Int
  /// The number of the record that `next()` returns.
  package private(set) var nextIndex = 1
  /// Bytes of an unfinished record at the end; known once `next()` has returned nil.
  package private(set) var tornByteCount = 0
  private(set) var sequence: JournalSequence

  private let file: JournalFile
  private let fileByteCount: Int

  /// Opens a journal and reads its header.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when the file cannot be read, and
  ///   `invalidJournal` when it is no journal, ends in its header or is damaged there.
  package convenience init(path: String) throws {
    try self.init(file: try JournalFile(path: path, mode: .read))
  }

  /// Whether there is a file with a whole header; false when there is none, or when its writer died
  /// before the header was finished, so that nothing was ever committed.
  ///
  /// - Throws: As `init(path:)`.
  package static func hasHeader(at path: String) throws -> Bool {
    guard access(path, F_OK) == 0 else { return false }
    let file = try JournalFile(path: path, mode: .read)
    let start = RecordFrame.preambleByteCount
    let preamble = try file.read(at: 0, count: start)
    if preamble.count < start, preamble.elementsEqual(RecordFrame.preamble.prefix(preamble.count)) {
      return false
    }
    try checkPreamble(of: file)
    let frame = try frame(
      of: file, index: 0, offset: start, fileByteCount: try file.byteCount(),
      chain: RecordFrame.firstChain)
    if case .unfinished = frame { return false }
    return true
  }

  init(file: JournalFile) throws {
    self.file = file
    fileByteCount = try file.byteCount()
    try Self.checkPreamble(of: file)
    let start = RecordFrame.preambleByteCount
    let frame = try Self.frame(
      of: file, index: 0, offset: start, fileByteCount: fileByteCount,
      chain: RecordFrame.firstChain)
    guard case .whole(let type, let payload, let chain) = frame else {
      throw Self.unfinishedHeader(file.path)
    }
    guard type == JournalRecord.headerType else {
      throw Self.fault(file.path, index: 0, offset: start, "it is no header")
    }
    do {
      header = try JournalHeader(encoded: payload)
    } catch let error as ZorBAError {
      throw Self.located(error, path: file.path, index: 0, offset: start)
    }
    self.chain = chain
    offset = start + Self.byteCount(ofPayload: payload.count)
    sequence = JournalSequence(header: header)
  }

  /// The last committed round read so far; 0 before the first.
  package var lastRound: UInt64 { sequence.lastRound }

  /// The next record, or nil at the end.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` naming the record and its first byte.
  package func next() throws -> Entry? {
    let frame = try Self.frame(
      of: file, index: nextIndex, offset: offset, fileByteCount: fileByteCount, chain: chain)
    guard case .whole(let type, let payload, let chain) = frame else {
      tornByteCount = fileByteCount - offset
      return nil
    }
    let before = sequence
    let record: JournalRecord
    do {
      record = try JournalRecord(type: type, payload: payload)
    } catch let error as ZorBAError {
      throw Self.located(error, path: file.path, index: nextIndex, offset: offset)
    }
    if let fault = sequence.accept(record) {
      throw Self.fault(file.path, index: nextIndex, offset: offset, fault)
    }
    if case .dense(let round) = record, let dense = sequence.dense,
      !isWhole(dense, of: round, after: offset + Self.byteCount(ofPayload: payload.count))
    {
      // Its writer died, or is still writing: nothing of it counts.
      sequence = before
      tornByteCount = fileByteCount - offset
      return nil
    }
    let entry = Entry(
      index: nextIndex, offset: offset, byteCount: Self.byteCount(ofPayload: payload.count),
      record: record, chain: chain)
    self.chain = chain
    offset += entry.byteCount
    nextIndex += 1
    return entry
  }

  /// Whether the file is long enough to hold a dense round's changes: their records' lengths follow
  /// from its head.
  private func isWhole(_ dense: DenseSequence, of round: DenseRound, after offset: Int) -> Bool {
    let room = fileByteCount - offset
    guard dense.remaining <= room else { return false }
    let payloads = DenseChunk.payloads(round: round.number, byteCount: dense.remaining)
    return payloads.bytes + payloads.count * Self.byteCount(ofPayload: 0) <= room
  }

  /// The next committed rounds, passing over other records; dense rounds are other records.
  ///
  /// - Parameters:
  ///   - last: Stops after this round.
  ///   - maximumCount: Stops after so many, to bound memory; an empty result is the end.
  package func nextRounds(
    upTo last: UInt64 = .max, maximumCount: Int = 1024
  ) throws -> [CommittedRound] {
    var rounds: [CommittedRound] = []
    while rounds.count < maximumCount, lastRound < last, let entry = try next() {
      guard case .round(let round) = entry.record else { continue }
      if round.number > last { break }
      rounds.append(round)
    }
    return rounds
  }
}

// MARK: - Frames

extension JournalReader {
  private enum Frame {
    case whole(type: UInt8, payload: [UInt8], chain: Digest128)
    /// The file ends before the record does, perhaps before its first byte.
    case unfinished
  }

  private static func byteCount(ofPayload count: Int) -> Int {
    RecordFrame.prefixByteCount + count + Digest128.byteCount
  }

  private static func frame(
    of file: JournalFile, index: Int, offset: Int, fileByteCount: Int, chain: Digest128
  ) throws -> Frame {
    guard fileByteCount - offset >= RecordFrame.prefixByteCount else { return .unfinished }
    let prefix = try file.read(at: offset, count: RecordFrame.prefixByteCount)
    guard prefix.count == RecordFrame.prefixByteCount else { return .unfinished }
    let start = prefix[..<4]
    guard prefix[4...].elementsEqual(RecordFrame.link(after: chain, start: start)) else {
      throw fault(
        file.path, index: index, offset: offset,
        "it does not continue the record before it: records were removed, moved, repeated or "
          + "replaced here, or its first \(RecordFrame.prefixByteCount) bytes are damaged")
    }
    let length = start[1...].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard fileByteCount - offset >= byteCount(ofPayload: length) else { return .unfinished }
    let rest = try file.read(
      at: offset + RecordFrame.prefixByteCount, count: length + Digest128.byteCount)
    guard rest.count == length + Digest128.byteCount else { return .unfinished }
    let payload = Array(rest[..<length])
    let next = RecordFrame.chain(after: chain, start: start, payload: payload)
    guard rest[length...].elementsEqual(next.bytes) else {
      throw fault(
        file.path, index: index, offset: offset,
        "its contents were changed after it was written")
    }
    return .whole(type: start[0], payload: payload, chain: next)
  }

  private static func checkPreamble(of file: JournalFile) throws {
    let preamble = try file.read(at: 0, count: RecordFrame.preambleByteCount)
    let magic = preamble.prefix(RecordFrame.magic.count)
    guard !preamble.isEmpty, magic.elementsEqual(RecordFrame.magic.prefix(magic.count)) else {
      if preamble.isEmpty { throw unfinishedHeader(file.path) }
      throw ZorBAError(
        .invalidJournal, "this is no ZorBA journal: its first 8 bytes are wrong",
        at: .init(file: file.path), advice: "Give the path of a run.zorba file.")
    }
    guard preamble.count == RecordFrame.preambleByteCount else {
      throw unfinishedHeader(file.path)
    }
    guard preamble == RecordFrame.preamble else {
      let version = preamble[RecordFrame.magic.count...].reversed().reduce(UInt32(0)) {
        $0 << 8 | UInt32($1)
      }
      throw ZorBAError(
        .invalidJournal,
        "bytes 8 to 11 name journal format \(version); this version reads format "
          + "\(RecordFrame.formatVersion)", at: .init(file: file.path),
        advice: "Use a newer ZorBA, or a good copy of the file.")
    }
  }

  private static func unfinishedHeader(_ path: String) -> ZorBAError {
    ZorBAError(
      .invalidJournal, "the file ends inside its header: no round was ever committed",
      at: .init(file: path), advice: "Delete the file and start the run again.")
  }

  private static func fault(
    _ path: String, index: Int, offset: Int, _ message: String
  ) -> ZorBAError {
    ZorBAError(
      .invalidJournal, "record \(index) at byte \(offset): \(message)", at: .init(file: path),
      advice: "Restore the file from a copy, or branch from a round before this record.")
  }

  private static func located(
    _ error: ZorBAError, path: String, index: Int, offset: Int
  ) -> ZorBAError {
    var located = fault(path, index: index, offset: offset, error.message)
    located.advice = error.advice ?? located.advice
    return located
  }
}
