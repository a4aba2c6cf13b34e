import Testing
import ZorBADiagnostics
import ZorBAJournal
import ZorBAOptimization
import ZorBATestSupport

/// A copy of a journal grows to the same bytes, however they come, and refuses all others.
@Suite struct JournalCopyTests {
  private struct Pair {
    let folder: TemporaryFolder
    let original: [UInt8]
    let records: [JournalRecord]
    let header: JournalHeader

    init(seed: UInt64, count: Int) throws {
      var generator = SeededGenerator(seed: seed)
      folder = try TemporaryFolder()
      header = SampleJournal.header(using: &generator)
      let path = folder.path("original.zorba")
      records = try SampleJournal.write(to: path, header: header, count: count, using: &generator)
      original = try TemporaryFolder.read(path)
    }

    func copy(_ name: String = "copy.zorba") throws -> JournalWriter {
      try JournalWriter.create(at: folder.path(name), header: header, durability: .onRequest)
    }
  }

  @Test(arguments: [1, 7, 40, 1000, 1 << 20])
  func bytesMayComeInAnyPieces(size: Int) throws {
    let pair = try Pair(seed: 60, count: 25)
    let copy = try pair.copy()
    var waiting: [UInt8] = []
    var records: [JournalRecord] = []
    var next = copy.byteCount
    while next < pair.original.count {
      let end = min(pair.original.count, next + size)
      waiting += pair.original[next..<end]
      next = end
      let added = try copy.append(copied: waiting)
      waiting.removeFirst(added.byteCount)
      records += added.records
      #expect(copy.byteCount + waiting.count == next)
    }
    #expect(waiting.isEmpty && records == pair.records)
    #expect(try TemporaryFolder.read(copy.path) == pair.original)
    #expect(try JournalReader(path: copy.path).header == pair.header)
  }

  /// Whatever a peer sends, the copy is a prefix of the original.
  @Test func otherBytesAreRefused() throws {
    let pair = try Pair(seed: 61, count: 12)
    var copy = try pair.copy()
    let start = copy.byteCount
    let rest = Array(pair.original[start...])
    var mutator = Mutator(seed: 62)
    var refused = 0
    for trial in 0..<4000 {
      do {
        _ = try copy.append(copied: mutator.mutate(rest))
        // A beginning of the original is all that can have been accepted.
        #expect(
          try TemporaryFolder.read(copy.path) == Array(pair.original.prefix(copy.byteCount)))
        if copy.byteCount > start { copy = try pair.copy("copy-\(trial).zorba") }
      } catch let error as ZorBAError {
        #expect(error.code == .invalidJournal)
        #expect(copy.byteCount == start)
        refused += 1
      }
    }
    #expect(refused > 2000)
  }

  /// A promise of 16 MiB by a stranger is refused at its eighth byte.
  @Test func lengthsAreNotBelieved() throws {
    let pair = try Pair(seed: 63, count: 2)
    let copy = try pair.copy()
    #expect(throws: ZorBAError.self) {
      try copy.append(copied: [2, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4])
    }
    #expect(try copy.append(copied: [2, 0xFF, 0xFF, 0xFF, 1, 2, 3]).byteCount == 0)
  }

  @Test func aForkIsRefusedBeforeItIsWritten() throws {
    let pair = try Pair(seed: 64, count: 6)
    let (copy, other) = (try pair.copy(), try pair.copy("other.zorba"))
    for record in pair.records {
      try other.append(record)
      let before = try TemporaryFolder.read(copy.path)
      let fork = #expect(throws: JournalFork.self) {
        try copy.append(record, expecting: other.chain.leadingWord ^ 1)
      }
      #expect(fork?.found == other.chain.leadingWord && fork?.round == other.lastRound)
      #expect(fork?.error.code == .invalidJournal)
      #expect(try TemporaryFolder.read(copy.path) == before)
      try copy.append(record, expecting: other.chain.leadingWord)
    }
    #expect(copy.chain == other.chain)
  }

  @Test func beginningsAreKnownByWhereTheyEnd() throws {
    let pair = try Pair(seed: 65, count: 10)
    let whole = try JournalWriter.resume(at: pair.folder.path("original.zorba"))
    let entries = try SampleJournal.read(whole.path).entries
    for entry in entries {
      let end = entry.offset + entry.byteCount
      #expect(try whole.begins(with: end, endingIn: entry.chain))
      for wrong in [end - 1, end + 1, 0, -5, Int.max] {
        #expect(try !whole.begins(with: wrong, endingIn: entry.chain))
      }
    }
    let first = try #require(entries.first)
    #expect(try !whole.begins(with: first.offset, endingIn: first.chain))
    #expect(try whole.begins(with: whole.byteCount, endingIn: whole.chain))
  }

  @Test func theLeadingWordIsLittleEndian() {
    let digest = Digest128(prefixOf: (1...16).map { UInt8($0) })
    #expect(digest.leadingWord == 0x0807_0605_0403_0201)
  }

  @Test func anUnfinishedHeaderIsNone() throws {
    let pair = try Pair(seed: 66, count: 3)
    let headerEnd = try pair.copy().byteCount
    #expect(try !JournalReader.hasHeader(at: pair.folder.path("nothing")))
    for count in 0...headerEnd {
      let path = try pair.folder.write(Array(pair.original.prefix(count)), to: "part.zorba")
      #expect(try JournalReader.hasHeader(at: path) == (count == headerEnd))
    }
    let other = try pair.folder.write(Array("something else".utf8), to: "other.txt")
    #expect(throws: ZorBAError.self) { try JournalReader.hasHeader(at: other) }
  }
}
