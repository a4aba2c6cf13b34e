import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

@testable import ZorBA

/// A site's copy of a journal survives whatever happens to it, or says so.
@Suite struct SiteJournalTests {
  private struct Fixture {
    let run: SiteRun
    let original: [UInt8]
    let header: JournalHeader
    let digest: String

    init() throws {
      run = try SiteRun { $0.blocks.plan = .random }
      let result = try run.simulate()
      original = try contents(of: result.journalPath)
      header = try JournalReader(path: result.journalPath).header
      digest = result.stateDigest
    }

    func path(_ name: String = "site.zorba") -> String { run.run.folder.path(name) }
  }

  @Test func anyCutIsTakenUpAgain() throws {
    let fixture = try Fixture()
    let (path, original) = (fixture.path(), fixture.original)
    let headerEnd = JournalHeaderEnd.find(in: original)
    var random = SeededGenerator(seed: 40)
    for _ in 0..<60 {
      let cut = Int.random(in: 0...original.count, using: &random)
      try fixture.run.run.folder.write(original.prefix(cut), to: "site.zorba")
      let journal = try SiteJournal(path: path)
      #expect(journal.byteCount <= cut && journal.byteCount + journal.discardedByteCount <= cut)
      #expect((journal.header == nil) == (cut < headerEnd))
      if journal.header == nil { try journal.begin(header: fixture.header.encoded) }
      try journal.append(
        fetched: Array(original[journal.byteCount...]), at: journal.byteCount)
      #expect(try contents(of: path) == original)
      #expect(journal.hasEnded && journal.lastRound == 12 && journal.plans.count == 1)
    }
    let replica = try fixture.run.replica(1, of: fixture.header)
    try SiteJournal(path: path).replay(into: replica)
    #expect("\(replica.stateDigest.state)" == fixture.digest)
  }

  @Test func damageIsNotOverlooked() throws {
    let fixture = try Fixture()
    let headerEnd = JournalHeaderEnd.find(in: fixture.original)
    for place in stride(from: 12, to: fixture.original.count, by: 97) {
      var damaged = fixture.original
      damaged[place] ^= 4
      try fixture.run.run.folder.write(damaged, to: "site.zorba")
      do {
        let journal = try SiteJournal(path: fixture.path())
        // Only a length that reaches beyond the end can look like a torn record, and none does here.
        Issue.record("a flipped bit at \(place) of \(headerEnd) passed: \(journal.byteCount)")
      } catch let error as ZorBAError {
        #expect(error.code == .invalidJournal)
      }
    }
    let aside = try SiteJournal.putAside(fixture.path())
    #expect(aside == fixture.path() + ".1")
    #expect(try SiteJournal(path: fixture.path()).header == nil)
  }

  @Test func aRestartKeepsWhatWas() throws {
    let fixture = try Fixture()
    let journal = try SiteJournal(path: fixture.path())
    for number in 1...3 {
      try journal.begin(header: fixture.header.encoded)
      #expect(throws: ZorBAError.self) { try journal.begin(header: fixture.header.encoded) }
      let size = journal.byteCount + 200 * number
      try journal.append(
        fetched: Array(fixture.original[journal.byteCount..<size]), at: journal.byteCount)
      let kept = try contents(of: fixture.path())
      try journal.restart()
      #expect(journal.header == nil && journal.byteCount == 0 && journal.nextOffset == 0)
      #expect(journal.plans.isEmpty && journal.configuration == nil)
      #expect(try contents(of: fixture.path() + ".\(number)") == kept)
    }
    try journal.restart()
  }

  @Test func bytesFromElsewhereAreRefused() throws {
    let fixture = try Fixture()
    let journal = try SiteJournal(path: fixture.path())
    #expect(throws: ZorBAError.self) { try journal.append(fetched: [1], at: 0) }
    #expect(throws: ZorBAError.self) { try journal.begin(header: [1, 2, 3]) }
    var spaced = fixture.header.encoded
    spaced.append(UInt8(ascii: " "))
    #expect(throws: ZorBAError.self) { try journal.begin(header: spaced) }
    try journal.begin(header: fixture.header.encoded)
    let start = journal.byteCount
    let rest = Array(fixture.original[start...])
    #expect(throws: ZorBAError.self) { try journal.append(fetched: rest, at: start + 1) }
    try journal.append(fetched: Array(rest.prefix(9)), at: start)
    #expect(journal.byteCount == start && journal.nextOffset == start + 9)
    // Noise in the middle of a record, then the record from its beginning.
    #expect(throws: ZorBAError.self) {
      try journal.append(fetched: [UInt8](repeating: 0, count: 1 << 16), at: start + 9)
    }
    #expect(journal.nextOffset == start)
    try journal.append(fetched: Array(rest.prefix(30)), at: start)
    journal.forgetUnfinished()
    #expect(journal.nextOffset == start)
    try journal.append(fetched: rest, at: start)
    #expect(try contents(of: fixture.path()) == fixture.original)
  }

  @Test func aForkedRoundIsNotKept() throws {
    let fixture = try Fixture()
    let journal = try SiteJournal(path: fixture.path())
    try journal.begin(header: fixture.header.encoded)
    let reader = try JournalReader(path: RunFolder(path: fixture.run.configuration.out).journal)
    while let entry = try reader.next() {
      let before = journal.byteCount
      #expect(throws: JournalFork.self) {
        try journal.append(
          type: entry.record.type, payload: entry.record.payload, expecting: 1)
      }
      #expect(journal.byteCount == before)
      if case .round(let round) = entry.record {
        try journal.append(round, expecting: entry.chain.leadingWord)
      } else {
        try journal.append(
          type: entry.record.type, payload: entry.record.payload,
          expecting: entry.chain.leadingWord)
      }
    }
    #expect(try contents(of: fixture.path()) == fixture.original)
    #expect(try journal.timeline(clients: 3)?.plans.count == 1)
    #expect(throws: ZorBAError.self) { try journal.timeline(clients: 1) }
  }

  @Test func onlyOneProcessWrites() throws {
    let fixture = try Fixture()
    let journal = try SiteJournal(path: fixture.path())
    try journal.begin(header: fixture.header.encoded)
    let error = #expect(throws: ZorBAError.self) { try SiteJournal(path: fixture.path()) }
    #expect(error?.code == .refused && journal.byteCount > 0)
  }

  /// A wrong digest in a journal stops a replay, at any round.
  @Test func replaysCheckDigests() throws {
    let fixture = try Fixture()
    let journal = try SiteJournal(path: fixture.path())
    try journal.begin(header: fixture.header.encoded)
    let replica = try fixture.run.replica(2, of: fixture.header)
    let reader = try JournalReader(path: RunFolder(path: fixture.run.configuration.out).journal)
    while let entry = try reader.next(), reader.lastRound < 5 {
      if case .round(let round) = entry.record { try journal.append(round) }
    }
    try journal.replay(into: replica)
    #expect(replica.lastRound == 4)
    let good = DigestCheckpoint(
      round: 4, entries: [.init(block: 2, digest: try replica.digests(ofBlocks: [2])[0])])
    try journal.append(type: 4, payload: JournalRecord.digest(good).payload, expecting: nil)
    try journal.replay(into: replica)
    let wrong = DigestCheckpoint(
      round: 4, entries: [.init(block: 3, digest: good.entries[0].digest)])
    try journal.append(type: 4, payload: JournalRecord.digest(wrong).payload, expecting: nil)
    #expect(throws: ZorBAError.self) { try journal.replay(into: replica) }
    let fresh = try fixture.run.replica(3, of: fixture.header)
    #expect(throws: ZorBAError.self) { try journal.replay(into: fresh) }
  }
}

/// Where the header's record ends.
private enum JournalHeaderEnd {
  static func find(in bytes: [UInt8]) -> Int {
    12 + 8 + bytes[13..<16].reversed().reduce(0) { $0 << 8 | Int($1) } + 16
  }
}
