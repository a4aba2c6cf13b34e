import ZorBADiagnostics
package import ZorBAOptimization

/// Appends records to a journal, durably, as its only writer.
///
/// `append` returns when the record is on the disk. A record that cannot be written whole is taken
/// back, so the file ends in a whole record whenever the process is alive; after `kill -9` it may
/// end in a part of one, which `resume` removes.
package final class JournalWriter {
  /// When records reach the disk.
  package enum Durability: Sendable {
    /// Before `append` returns.
    case everyRecord
    /// When `synchronize()` is called.
    case onRequest
  }

  package let header: JournalHeader
  package var path: String { file.path }
  /// The digest of the whole journal.
  package private(set) var chain: Digest128
  /// Bytes of the file.
  package private(set) var byteCount: Int
  /// Records in the file, the header included.
  package private(set) var recordCount: Int
  /// Bytes of an unfinished record that `resume` removed from the end.
  package let discardedByteCount: Int

  private let file: JournalFile
  private let durability: Durability
  private var sequence: JournalSequence
  /// Whether bytes may lie behind the last record that could not be taken back yet.
  private var isUntidy = false
  /// Whether records that were counted may be missing on the disk.
  private var isBroken = false

  /// The last committed round; 0 before the first.
  package var lastRound: UInt64 { sequence.lastRound }
  /// Whether the run has been marked as ended.
  package var hasEnded: Bool { sequence.hasEnded }

  /// Starts a journal; its header is on the disk on return.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the file exists, and `inputOutput`
  ///   when it cannot be written.
  package static func create(
    at path: String, header: JournalHeader, durability: Durability = .everyRecord,
    calls: JournalSystemCalls = .system
  ) throws -> JournalWriter {
    let payload = header.encoded
    try checkSize(of: payload, path: path)
    let file = try JournalFile(path: path, mode: .create, calls: calls)
    let (record, chain) = RecordFrame.encode(
      type: JournalRecord.headerType, payload: payload, after: RecordFrame.firstChain)
    let bytes = RecordFrame.preamble + record
    do {
      try file.write(bytes, at: 0)
      try file.synchronize()
      try file.synchronizeFolder()
    } catch {
      file.remove()
      throw error
    }
    return JournalWriter(
      file: file, durability: durability, sequence: JournalSequence(header: header), chain: chain,
      byteCount: bytes.count, recordCount: 1, discardedByteCount: 0)
  }

  /// Verifies a whole journal and opens it for appending; an unfinished record at its end is removed.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` when anything but the end is damaged, with
  ///   code `refused` when another process is writing the journal.
  package static func resume(
    at path: String, durability: Durability = .everyRecord, calls: JournalSystemCalls = .system
  ) throws -> JournalWriter {
    let file = try JournalFile(path: path, mode: .update, calls: calls)
    return try JournalWriter(verifying: file, durability: durability)
  }

  /// Reads all of an open file and cuts off an unfinished record.
  convenience init(verifying file: JournalFile, durability: Durability) throws {
    let reader = try JournalReader(file: file)
    while try reader.next() != nil {}
    if reader.tornByteCount > 0 {
      try file.truncate(to: reader.offset)
      try file.synchronize()
    }
    self.init(
      file: file, durability: durability, sequence: reader.sequence, chain: reader.chain,
      byteCount: reader.offset, recordCount: reader.nextIndex,
      discardedByteCount: reader.tornByteCount)
  }

  private init(
    file: JournalFile, durability: Durability, sequence: JournalSequence, chain: Digest128,
    byteCount: Int, recordCount: Int, discardedByteCount: Int
  ) {
    self.file = file
    self.durability = durability
    self.sequence = sequence
    self.header = sequence.header
    self.chain = chain
    self.byteCount = byteCount
    self.recordCount = recordCount
    self.discardedByteCount = discardedByteCount
  }

  /// Appends one record.
  ///
  /// - Parameter expected: The leading word of the chain value that another copy has after the
  ///   record; nil asks for none.
  /// - Throws: `JournalFork` when the chain value is another one, after which nothing was appended;
  ///   `ZorBAError` with code `invalidJournal` when the record cannot stand here; with code
  ///   `inputOutput` when it cannot be written, after which the file ends in the record before it.
  ///   Where that fails too, the next call takes back what is left before anything else, so that a
  ///   writer can be used again as soon as its disk can.
  package func append(_ record: JournalRecord, expecting expected: UInt64? = nil) throws {
    try checkUsable()
    var sequence = sequence
    if let fault = sequence.accept(record) {
      throw ZorBAError(
        .invalidJournal, "record \(recordCount) cannot be appended: \(fault)",
        at: .init(file: path))
    }
    let payload = record.payload
    try Self.checkSize(of: payload, path: path)
    let (bytes, next) = RecordFrame.encode(type: record.type, payload: payload, after: chain)
    if let expected, next.leadingWord != expected {
      throw JournalFork(round: sequence.lastRound, expected: expected, found: next.leadingWord)
    }
    try store(bytes, of: 1, endingIn: next, sequence)
  }

  /// Appends records of which all count or none: the last is on the disk before any does.
  ///
  /// - Parameter body: Given what appends one; it throws as `append(_:)` does.
  /// - Throws: Whatever `body` throws, after which the file ends where it did.
  func appendTogether(_ body: ((JournalRecord) throws -> Void) throws -> Void) throws {
    try checkUsable()
    var (sequence, chain, end, count) = (sequence, chain, byteCount, 0)
    do {
      try body { record in
        if let fault = sequence.accept(record) {
          throw ZorBAError(
            .invalidJournal, "record \(recordCount + count) cannot be appended: \(fault)",
            at: .init(file: path))
        }
        let payload = record.payload
        try Self.checkSize(of: payload, path: path)
        let (bytes, next) = RecordFrame.encode(type: record.type, payload: payload, after: chain)
        try file.write(bytes, at: end)
        chain = next
        end += bytes.count
        count += 1
      }
      guard sequence.dense == nil else {
        throw ZorBAError(
          .invalidJournal, "a round's changes are not complete", at: .init(file: path))
      }
      if durability == .everyRecord { try file.synchronize() }
    } catch {
      isUntidy = true
      try? takeBack()
      throw error
    }
    self.sequence = sequence
    self.chain = chain
    byteCount = end
    recordCount += count
  }

  /// Appends whole records just as another copy of this journal has them.
  ///
  /// - Parameter bytes: What the copy has after `byteCount` bytes; the last record may be unfinished.
  /// - Returns: The records that were appended, and their bytes; bytes of an unfinished one are for
  ///   the caller to bring again with what follows them.
  /// - Throws: `ZorBAError` with code `invalidJournal` when the bytes do not continue this journal,
  ///   after which nothing of them was appended, otherwise as `append(_:)`.
  package func append(
    copied bytes: [UInt8]
  ) throws -> (records: [JournalRecord], byteCount: Int) {
    try checkUsable()
    var (sequence, chain, rest) = (sequence, chain, bytes[...])
    var records: [JournalRecord] = []
    while let frame = try RecordFrame.decode(rest, after: chain) {
      let record = try JournalRecord(type: frame.type, payload: frame.payload)
      if let fault = sequence.accept(record) { throw ByteReader.fault(fault) }
      records.append(record)
      chain = frame.chain
      rest = rest.dropFirst(frame.byteCount)
    }
    let whole = bytes.count - rest.count
    if whole > 0 {
      try store(Array(bytes.prefix(whole)), of: records.count, endingIn: chain, sequence)
    }
    return (records, whole)
  }

  /// Writes verified records behind the last one.
  private func store(
    _ bytes: [UInt8], of count: Int, endingIn next: Digest128, _ sequence: JournalSequence
  ) throws {
    do {
      try file.write(bytes, at: byteCount)
    } catch {
      try? takeBack()
      throw error
    }
    if durability == .everyRecord {
      do {
        try file.synchronize()
      } catch {
        // What a failed fdatasync left behind is unknown: it is cut off and written anew.
        isUntidy = true
        try? takeBack()
        throw error
      }
    }
    self.sequence = sequence
    chain = next
    byteCount += bytes.count
    recordCount += count
  }

  /// Whether a copy of so many bytes that ends in this chain value is the beginning of this journal,
  /// or all of it.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package func begins(with byteCount: Int, endingIn chain: Digest128) throws -> Bool {
    // Every record ends in its chain value, which no other place of the file repeats.
    let count = Digest128.byteCount
    guard byteCount >= RecordFrame.preambleByteCount + count, byteCount <= self.byteCount else {
      return false
    }
    return try file.read(at: byteCount - count, count: count) == chain.bytes
  }

  /// Returns when all records are on the disk.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`, after which the writer accepts nothing more.
  package func synchronize() throws {
    try checkUsable()
    do {
      try file.synchronize()
    } catch {
      isBroken = true
      throw error
    }
  }

  /// Cuts off what lies behind the last record, durably.
  private func takeBack() throws {
    isUntidy = true
    try file.truncate(to: byteCount)
    try file.synchronize()
    isUntidy = false
  }

  private func checkUsable() throws {
    guard !isBroken else {
      throw ZorBAError(
        .inputOutput, "the journal could not be written before", at: .init(file: path),
        advice: "Check the disk, then resume the run.")
    }
    if isUntidy { try takeBack() }
  }

  private static func checkSize(of payload: [UInt8], path: String) throws {
    guard payload.count <= RecordFrame.maximumPayloadByteCount else {
      throw ZorBAError(
        .invalidJournal,
        "a record of \(payload.count) bytes exceeds \(RecordFrame.maximumPayloadByteCount)",
        at: .init(file: path),
        advice: "Use fewer clients, directions or local steps a round.")
    }
  }
}
