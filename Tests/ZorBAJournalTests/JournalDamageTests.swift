import Testing
import ZorBADiagnostics
import ZorBAJournal
import ZorBAOptimization
import ZorBATestSupport

/// Damage is found and located; only an unfinished last record is forgiven.
@Suite struct JournalDamageTests {
  private struct Sample {
    let folder: TemporaryFolder
    let bytes: [UInt8]
    let entries: [JournalReader.Entry]
    /// First bytes of the records, the header's first, and the end of the file.
    let bounds: [Int]

    init(seed: UInt64, count: Int) throws {
      var generator = SeededGenerator(seed: seed)
      folder = try TemporaryFolder()
      let path = folder.path("sample.zorba")
      _ = try SampleJournal.write(
        to: path, header: SampleJournal.header(using: &generator), count: count,
        using: &generator)
      bytes = try TemporaryFolder.read(path)
      entries = try SampleJournal.read(path).entries
      bounds = [12] + entries.map(\.offset) + [bytes.count]
    }

    func slice(_ record: Int) -> ArraySlice<UInt8> { bytes[bounds[record]..<bounds[record + 1]] }

    /// Expects that reading and resuming fail at `record`, and leave the file alone.
    func expectDamage(_ damaged: [UInt8], at record: Int, byte: Int, _ comment: Comment) throws {
      let path = try folder.write(damaged, to: "damaged.zorba")
      let error = #expect(throws: ZorBAError.self, comment) { try SampleJournal.read(path) }
      #expect(error?.code == .invalidJournal, comment)
      let found = error?.message ?? ""
      #expect(found.hasPrefix("record \(record) at byte \(byte):"), "\(comment): \(found)")
      #expect(throws: ZorBAError.self, comment) { try JournalWriter.resume(at: path) }
      #expect(try TemporaryFolder.read(path) == damaged, comment)
    }
  }

  @Test func everyFlippedByteIsFoundInItsRecord() throws {
    let sample = try Sample(seed: 80, count: 8)
    for place in sample.bytes.indices {
      for mask: UInt8 in [0x01, 0x10, 0x80, 0xFF] {
        var damaged = sample.bytes
        damaged[place] ^= mask
        if place < 12 {
          let path = try sample.folder.write(damaged, to: "damaged.zorba")
          let error = #expect(throws: ZorBAError.self) { try JournalReader(path: path) }
          #expect(error?.code == .invalidJournal)
          #expect(error?.message.contains(place < 8 ? "first 8 bytes" : "bytes 8 to 11") == true)
        } else {
          let record = sample.bounds.lastIndex { $0 <= place } ?? 0
          try sample.expectDamage(
            damaged, at: record, byte: sample.bounds[record], "byte \(place), mask \(mask)")
        }
      }
    }
  }

  @Test func everyTruncationKeepsTheWholeRecordsBefore() throws {
    let sample = try Sample(seed: 81, count: 10)
    var generator = SeededGenerator(seed: 82)
    for length in 0...sample.bytes.count {
      let path = try sample.folder.write(Array(sample.bytes[..<length]), to: "cut.zorba")
      guard length >= sample.bounds[1] else {
        let error = #expect(throws: ZorBAError.self) { try JournalReader(path: path) }
        #expect(error?.code == .invalidJournal)
        #expect(error?.message.contains("ends inside its header") == true)
        #expect(throws: ZorBAError.self) { try JournalWriter.resume(at: path) }
        continue
      }
      let kept = sample.entries.filter { $0.offset + $0.byteCount <= length }
      let end = kept.last.map { $0.offset + $0.byteCount } ?? sample.bounds[1]
      let (entries, torn) = try SampleJournal.read(path)
      #expect(entries == kept)
      #expect(torn == length - end)

      let writer = try JournalWriter.resume(at: path)
      #expect(writer.discardedByteCount == length - end)
      #expect(writer.byteCount == end)
      #expect(try TemporaryFolder.read(path) == Array(sample.bytes[..<end]))
      guard !writer.hasEnded else { continue }
      let next = JournalRecord.round(
        try SampleJournal.round(
          number: writer.lastRound + 1, header: writer.header, using: &generator))
      try writer.append(next)
      #expect(try SampleJournal.read(path).entries.map(\.record) == kept.map(\.record) + [next])
    }
  }

  @Test func droppedRepeatedAndMovedRecordsAreFound() throws {
    let sample = try Sample(seed: 83, count: 9)
    let start = Array(sample.bytes[..<12])
    func joined(_ order: [Int]) -> [UInt8] { start + order.flatMap { sample.slice($0) } }
    let order = Array(0...9)
    for record in 1..<9 {
      var dropped = order
      dropped.remove(at: record)
      try sample.expectDamage(
        joined(dropped), at: record, byte: sample.bounds[record], "dropped \(record)")

      var repeated = order
      repeated.insert(record, at: record + 1)
      try sample.expectDamage(
        joined(repeated), at: record + 1, byte: sample.bounds[record + 1],
        "repeated \(record)")

      var moved = order
      moved.swapAt(record, record + 1)
      try sample.expectDamage(
        joined(moved), at: record, byte: sample.bounds[record], "moved \(record)")
    }
  }

  /// Records of another history with the same beginning do not fit behind ours.
  @Test func splicedHistoriesAreFoundAndForksAreLocated() throws {
    var generator = SeededGenerator(seed: 84)
    let folder = try TemporaryFolder()
    let header = SampleJournal.header(using: &generator)
    let rounds = try (1...8).map {
      JournalRecord.round(
        try SampleJournal.round(number: $0, header: header, using: &generator))
    }
    let other = JournalRecord.round(
      try SampleJournal.round(number: 4, header: header, using: &generator))
    let (left, right) = (folder.path("left.zorba"), folder.path("right.zorba"))
    for (path, records) in [
      (left, rounds), (right, rounds[..<3] + [other] + rounds[4...]),
    ] {
      let writer = try JournalWriter.create(at: path, header: header, durability: .onRequest)
      for record in records { try writer.append(record) }
    }
    let entries = try SampleJournal.read(left).entries
    let divergence = try #require(try JournalDivergence.first(between: left, and: right))
    #expect(divergence.index == 4)
    #expect(divergence.offset == entries[3].offset)
    #expect(divergence.lastCommonRound == 3)
    #expect(divergence.left == entries[3].chain)

    let leftBytes = try TemporaryFolder.read(left)
    let rightEntries = try SampleJournal.read(right).entries
    let rightBytes = try TemporaryFolder.read(right)
    let spliced =
      Array(leftBytes[..<entries[4].offset]) + Array(rightBytes[rightEntries[4].offset...])
    let error = #expect(throws: ZorBAError.self) {
      try SampleJournal.read(try folder.write(spliced, to: "spliced.zorba"))
    }
    #expect(error?.message.hasPrefix("record 5 at byte \(entries[4].offset):") == true)

    let short = try folder.write(Array(leftBytes[..<entries[5].offset]), to: "short.zorba")
    let missing = try #require(try JournalDivergence.first(between: left, and: short))
    #expect(missing.index == 6)
    #expect(missing.right == nil)
    var otherHeader = SeededGenerator(seed: 85)
    let foreign = folder.path("foreign.zorba")
    _ = try JournalWriter.create(
      at: foreign, header: SampleJournal.header(using: &otherHeader))
    #expect(try JournalDivergence.first(between: left, and: foreign)?.index == 0)
  }

  @Test func otherFilesAreNoJournals() throws {
    let folder = try TemporaryFolder()
    for bytes in [Array("PK".utf8), [0x89, 0x50], [UInt8](repeating: 0, count: 5000)] {
      let path = try folder.write(bytes, to: "other")
      let error = #expect(throws: ZorBAError.self) { try JournalReader(path: path) }
      #expect(error?.code == .invalidJournal)
      #expect(error?.message.contains("no ZorBA journal") == true)
    }
    #expect(throws: ZorBAError.self) { try JournalReader(path: folder.path("")) }
    let missing = #expect(throws: ZorBAError.self) {
      try JournalReader(path: folder.path("missing"))
    }
    #expect(missing?.code == .inputOutput)
  }
}
