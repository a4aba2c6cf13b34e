package import ZorBAOptimization

/// What a journal holds, read in one pass: the answer of `zorba inspect`.
package struct JournalSummary: Sendable {
  package let header: JournalHeader
  /// Bytes of whole records; an unfinished one is in `tornByteCount`.
  package private(set) var byteCount: Int
  /// Records, the header included.
  package private(set) var recordCount = 1
  package private(set) var roundCount = 0
  package private(set) var lastRound: UInt64 = 0
  /// Bytes of round records, framing included.
  package private(set) var roundByteCount = 0
  /// Rounds that are dense, among `roundCount`.
  package private(set) var denseRoundCount = 0
  /// How the changes of dense rounds are written; nil without one.
  package private(set) var denseEncoding: DenseEncoding?
  /// binary32 coefficients over all rounds.
  package private(set) var coefficientCount = 0
  package private(set) var planCount = 0
  package private(set) var branchCount = 0
  package private(set) var ancillaryCount = 0
  /// The last digest of every block that has one, with its round.
  package private(set) var blockDigests: [Int: (round: UInt64, digest: Digest128)] = [:]
  /// How the run ended; nil while it can go on.
  package private(set) var end: EndMarker?
  package private(set) var tornByteCount = 0
  /// The digest of the whole journal.
  package private(set) var chain: Digest128

  /// Reads and verifies a whole journal.
  ///
  /// - Throws: `ZorBAError` as `JournalReader` does.
  package init(path: String) throws {
    let reader = try JournalReader(path: path)
    header = reader.header
    byteCount = reader.offset
    chain = reader.chain
    while let entry = try reader.next() { add(entry) }
    lastRound = reader.lastRound
    tornByteCount = reader.tornByteCount
  }

  private mutating func add(_ entry: JournalReader.Entry) {
    byteCount += entry.byteCount
    recordCount += 1
    chain = entry.chain
    switch entry.record {
    case .round(let round):
      roundCount += 1
      roundByteCount += entry.byteCount
      coefficientCount += round.coefficientCount
    case .dense(let round):
      roundCount += 1
      denseRoundCount += 1
      denseEncoding = round.encoding
      roundByteCount += entry.byteCount
    case .denseChunk: roundByteCount += entry.byteCount
    case .plan: planCount += 1
    case .digest(let checkpoint):
      for item in checkpoint.entries {
        blockDigests[item.block] = (checkpoint.round, item.digest)
      }
    case .branch:
      branchCount += 1
      end = nil
    case .end(let marker): end = marker
    case .ancillary: ancillaryCount += 1
    }
  }
}
