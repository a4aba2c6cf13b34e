import ZorBADiagnostics
package import ZorBAFederation
package import ZorBAJSON
package import ZorBAJournal
package import ZorBAOptimization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A site's copy of a run's journal, byte for byte the coordinator's, in a file of its own.
///
/// Every record is on the disk before anything is done with it, so after a crash the weights are
/// rebuilt from here. It is empty until the header of the run has arrived.
package final class SiteJournal {
  /// The file.
  package let path: String
  /// Bytes that an unfinished record left at the end and that were removed on opening.
  package private(set) var discardedByteCount = 0
  /// The plans so far, in the journal's order.
  package private(set) var plans: [PlanRecord] = []
  /// What the run is: the header's configuration, or that of the last branch.
  package private(set) var configuration: JSONValue?

  private var writer: JournalWriter?
  /// The timeline that was made last, and of what.
  private var known: (clients: Int, plans: Int, timeline: ActivationTimeline?)?
  /// Fetched bytes of a record that is not whole yet; less than one record.
  private var unfinished: [UInt8] = []

  /// Opens and verifies the file, or begins with nothing when there is none.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` when anything but the end is damaged (`putAside`
  ///   is the way out), with code `refused` when another process uses the file.
  package init(path: String) throws {
    self.path = path
    guard try JournalReader.hasHeader(at: path) else { return }
    let writer = try JournalWriter.resume(at: path)
    let reader = try JournalReader(path: path)
    configuration = reader.header.configuration
    while let entry = try reader.next() { note(entry.record) }
    discardedByteCount = writer.discardedByteCount
    self.writer = writer
  }

  /// The run; nil while nothing is known of it.
  package var header: JournalHeader? { writer?.header }
  /// Bytes of the file, all of them whole records; 0 when it is empty.
  package var byteCount: Int { writer?.byteCount ?? 0 }
  /// The digest of all of it; nil when it is empty.
  package var chain: Digest128? { writer?.chain }
  /// The last committed round; 0 before the first.
  package var lastRound: Int { Int(clamping: writer?.lastRound ?? 0) }
  /// Whether the run has been marked as ended.
  package var hasEnded: Bool { writer?.hasEnded ?? false }

  /// The plans so far as rounds follow them; nil before the first.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` when they do not fit the federation.
  package func timeline(clients: Int) throws -> ActivationTimeline? {
    guard let header else { return nil }
    // Asked for several times a round; plans come seldom.
    if let known, known.clients == clients, known.plans == plans.count { return known.timeline }
    let timeline = try ActivationTimeline(
      plans, clients: clients, blocks: header.model.blocks.count - 1)
    known = (clients, plans.count, timeline)
    return timeline
  }

  private func note(_ record: JournalRecord) {
    switch record {
    case .plan(let plan): plans.append(plan)
    case .branch(let branch): configuration = branch.configuration
    case .round, .dense, .denseChunk, .digest, .end, .ancillary: break
    }
  }
}

// MARK: - Growing

extension SiteJournal {
  /// Begins the file with the header of a run, as the coordinator sent it.
  ///
  /// - Parameter payload: The header record's payload.
  /// - Throws: `ZorBAError` with code `invalidJournal` when it is no header or there is a journal
  ///   already, `inputOutput` when it cannot be written.
  package func begin(header payload: [UInt8]) throws {
    guard writer == nil else { throw fault("the journal has begun already") }
    let header = try JournalHeader(encoded: payload)
    guard header.encoded == payload else {
      throw fault("the header is not written as this version writes it")
    }
    // What is there ends inside its header: nothing was ever committed.
    if FileManager.default.fileExists(atPath: path) {
      try Self.attempt("cannot be replaced", path) {
        try FileManager.default.removeItem(atPath: $0)
      }
    }
    writer = try JournalWriter.create(at: path, header: header)
    configuration = header.configuration
  }

  /// Adds bytes that were fetched from the coordinator's journal. Whole records are verified, on the
  /// disk on return and kept; the beginning of another one waits for what follows it.
  ///
  /// - Parameters:
  ///   - bytes: At most some MiB at a time; memory stays at one record beside them.
  ///   - offset: Where they stand: at `nextOffset`.
  /// - Returns: The records that were added.
  /// - Throws: `ZorBAError` with code `invalidJournal` when they do not continue this copy, after which
  ///   it is as it was and waits for nothing.
  @discardableResult
  package func append(fetched bytes: [UInt8], at offset: Int) throws -> [JournalRecord] {
    guard let writer else { throw fault("the journal has not begun") }
    guard offset == nextOffset else {
      throw fault("bytes from \(offset) on came where \(nextOffset) is next")
    }
    let waiting = unfinished + bytes
    unfinished = []
    let (records, byteCount) = try writer.append(copied: waiting)
    unfinished = Array(waiting.dropFirst(byteCount))
    records.forEach(note)
    return records
  }

  /// Where the next bytes to fetch stand in the coordinator's journal.
  package var nextOffset: Int { byteCount + unfinished.count }

  /// Forgets the beginning of a record that was fetched, as when a transfer broke off.
  package func forgetUnfinished() { unfinished = [] }

  /// Adds a committed round.
  ///
  /// - Parameter expected: The leading word of the coordinator's chain value after it; nil asks for
  ///   none.
  /// - Throws: `JournalFork` when this copy would end in another chain value; it is as it was then.
  ///   Otherwise as `JournalWriter.append`.
  package func append(_ round: CommittedRound, expecting expected: UInt64? = nil) throws {
    try append(.round(round), expecting: expected)
  }

  /// Adds a record that is no round, as the coordinator sent it.
  ///
  /// - Returns: The record.
  /// - Throws: As `append(_:expecting:)`; `ZorBAError` with code `invalidJournal` when it is none.
  @discardableResult
  package func append(
    type: UInt8, payload: [UInt8], expecting expected: UInt64?
  ) throws -> JournalRecord {
    let record = try JournalRecord(type: type, payload: payload)
    guard record.payload == payload, record.type == type else {
      throw fault("a record is not written as this version writes it")
    }
    try append(record, expecting: expected)
    return record
  }

  private func append(_ record: JournalRecord, expecting expected: UInt64?) throws {
    guard let writer else { throw fault("the journal has not begun") }
    try writer.append(record, expecting: expected)
    unfinished = []
    note(record)
  }
}

// MARK: - Weights and restarts

extension SiteJournal {
  /// Applies all rounds that a replica does not have yet, many at once, and checks the digests among
  /// them.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` when a digest disagrees with the weights,
  ///   otherwise as `SiteReplica.apply`.
  package func replay(into replica: SiteReplica) throws {
    guard writer != nil, lastRound >= replica.lastRound else { return }
    _ = try JournalReplay.replay(
      JournalReader(path: path), after: UInt64(replica.lastRound), apply: replica.apply,
      dense: replica.denseReplay, verify: replica.verify)
  }

  /// Puts the file aside and begins again with nothing.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package func restart() throws {
    writer = nil
    unfinished = []
    plans = []
    known = nil
    configuration = nil
    try Self.putAside(path)
  }

  /// Renames a file to the first of `name.1`, `name.2` … that is free; does nothing without one.
  ///
  /// - Returns: The new name.
  /// - Throws: `ZorBAError` with code `inputOutput`.
  @discardableResult
  package static func putAside(_ path: String) throws -> String? {
    let files = FileManager.default
    guard files.fileExists(atPath: path) else { return nil }
    var number = 1
    while files.fileExists(atPath: "\(path).\(number)") { number += 1 }
    let aside = "\(path).\(number)"
    try attempt("cannot be put aside", path) { try files.moveItem(atPath: $0, toPath: aside) }
    return aside
  }

  private static func attempt(
    _ failure: String, _ path: String, _ body: (String) throws -> Void
  ) throws {
    do {
      try body(path)
    } catch {
      throw ZorBAError(
        .inputOutput, failure, at: .init(file: path),
        advice: "Check the permissions of the folder.",
        cause: error)
    }
  }

  private func fault(_ message: String) -> ZorBAError {
    ZorBAError(.invalidJournal, message, at: .init(file: path))
  }
}
