import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

@testable import ZorBAJournal

/// Rounds whose changes lie in chunks: whole or not there, in any order with other rounds.
@Suite struct DenseJournalTests {
  /// Blocks of 2.5 MiB, 4 KiB and nothing, in binary32.
  private static let shapes: [[[Int]]] = [[[640, 1024]], [[1000], [8, 3]], []]

  private func header(_ random: inout SeededGenerator) -> JournalHeader {
    let model = ModelFingerprint(
      family: "llama",
      blocks: Self.shapes.enumerated().map { block, shapes in
        shapes.enumerated().map {
          .init(name: "block\(block).\($0)", dtype: .float32, shape: $1)
        }
      })
    return JournalHeader(
      schedule: DirectionSchedule(
        runKey: RunKey(seed: 1), seeding: .shared, distribution: .gaussian),
      base: StateDigest(blocks: Self.shapes.map { _ in SampleJournal.digest(&random) }),
      model: model, configuration: ["method": "fedavg"])
  }

  private func delta(
    _ blocks: [Int], _ encoding: DenseEncoding, _ random: inout SeededGenerator
  ) throws -> DenseDelta {
    let layout = try #require(DenseLayout(blocks: blocks, shapes: Self.shapes))
    return try DenseDelta(layout: layout, encoding: encoding) { _, _, values in
      for index in values.indices { values[index] = Float.random(in: -1...1, using: &random) }
    }
  }

  private func round(_ number: UInt64, _ blocks: [Int], _ delta: DenseDelta) -> DenseRound {
    DenseRound(
      number: number, learningRate: 0.25, encoding: delta.encoding, participants: [1, 3],
      blocks: blocks, digest: delta.digest)
  }

  /// Takes dense rounds out of a journal again.
  private func rounds(
    _ path: String
  ) throws -> (rounds: [(head: DenseRound, body: [UInt8])], reader: JournalReader) {
    let reader = try JournalReader(path: path)
    var found: [(head: DenseRound, body: [UInt8])] = []
    while let entry = try reader.next() {
      if case .dense(let round) = entry.record { found.append((round, [])) }
      if case .denseChunk(let chunk) = entry.record {
        found[found.count - 1].body += chunk.bytes
      }
    }
    return (found, reader)
  }

  @Test func roundsOfBothKindsComeBack() throws {
    var random = SeededGenerator(seed: 61)
    let folder = try TemporaryFolder()
    let path = folder.path("run.zorba")
    let writer = try JournalWriter.create(at: path, header: header(&random))
    let large = try delta([0, 1], .float32, &random)
    let small = try delta([1, 2], .int8, &random)
    #expect(large.body.count > 2 * DenseChunk.byteCount)
    let before = writer.byteCount
    let grown = try writer.append(round(2, [0, 1], large), changes: large.body)
    #expect(grown == writer.byteCount - before)
    let scalar = try CommittedRound(
      number: 3, learningRate: 1, directions: 1, participants: [1],
      coefficients: .shared([.init(block: 0, values: [0.5])]))
    try writer.append(.round(scalar))
    try writer.append(round(7, [1, 2], small), changes: small.body)
    #expect(writer.lastRound == 7)
    let (found, reader) = try rounds(path)
    #expect(found.map(\.head) == [round(2, [0, 1], large), round(7, [1, 2], small)])
    #expect(found.map(\.body) == [large.body, small.body])
    #expect(reader.lastRound == 7 && reader.chain == writer.chain && reader.tornByteCount == 0)

    let summary = try JournalSummary(path: path)
    #expect(summary.roundCount == 3 && summary.denseRoundCount == 2 && summary.lastRound == 7)
    #expect(summary.denseEncoding == .int8 && summary.byteCount == writer.byteCount)

    // A copy that grows by any portions, and a branch, have the same records.
    let bytes = try TemporaryFolder.read(path)
    let copy = try JournalWriter.create(at: folder.path("copy.zorba"), header: writer.header)
    var rest = Array(bytes[copy.byteCount...])
    while !rest.isEmpty {
      let portion = Array(rest.prefix(Int.random(in: 1_100_000...1_500_000, using: &random)))
      let taken = try copy.append(copied: portion).byteCount
      try #require(taken > 0)
      rest.removeFirst(taken)
    }
    #expect(copy.chain == writer.chain && copy.lastRound == 7)
    for last in [UInt64(2), 3, 7] {
      let branch = try JournalWriter.branch(
        from: path, at: last, to: folder.path("branch-\(last).zorba"), configuration: [:])
      #expect(branch.lastRound == last)
    }
    #expect(throws: ZorBAError.self) {
      try JournalWriter.branch(
        from: path, at: 5, to: folder.path("none.zorba"), configuration: [:])
    }
  }

  /// A writer that dies anywhere within a dense round leaves the round before.
  @Test func aRoundThatIsNotCompleteIsNotThere() throws {
    var random = SeededGenerator(seed: 62)
    let folder = try TemporaryFolder()
    let path = folder.path("run.zorba")
    let writer = try JournalWriter.create(at: path, header: header(&random))
    let first = try delta([1], .float32, &random)
    try writer.append(round(1, [1], first), changes: first.body)
    let (end, chain, records) = (writer.byteCount, writer.chain, writer.recordCount)
    let second = try delta([0, 1], .float32, &random)
    try writer.append(round(2, [0, 1], second), changes: second.body)
    let bytes = try TemporaryFolder.read(path)

    // Every end of a record, a byte to either side of it, and anywhere.
    var cuts = (0..<12).map { _ in Int.random(in: end..<bytes.count, using: &random) }
    let all = try SampleJournal.read(path).entries
    for entry in all where entry.offset >= end {
      cuts += [entry.offset, entry.offset + 1, entry.offset + entry.byteCount - 1]
    }
    #expect(Set(cuts).count > 15)
    for cut in cuts {
      let torn = try folder.write(Array(bytes[..<cut]), to: "torn.zorba")
      let (found, reader) = try rounds(torn)
      #expect(found.map(\.body) == [first.body])
      #expect(reader.lastRound == 1 && reader.tornByteCount == cut - end)
      let resumed = try JournalWriter.resume(at: torn)
      #expect(resumed.byteCount == end && resumed.chain == chain)
      #expect(resumed.recordCount == records && resumed.discardedByteCount == cut - end)
      try resumed.append(round(2, [0, 1], second), changes: second.body)
      #expect(try TemporaryFolder.read(torn) == bytes)
    }
  }

  @Test func onlyWhatItPromisedMayFollowAHead() throws {
    var random = SeededGenerator(seed: 63)
    let folder = try TemporaryFolder()
    let header = header(&random)
    let good = try delta([0], .float32, &random)
    func chunk(_ index: Int, of number: UInt64 = 1) -> DenseChunk {
      let start = index * DenseChunk.byteCount
      return DenseChunk(
        round: number, index: index,
        bytes: Array(good.body[start..<min(start + DenseChunk.byteCount, good.body.count)]))
    }
    let head = round(1, [0], good)
    var altered = chunk(2).bytes
    altered[5] ^= 1
    let sequences: [[JournalRecord]] = [
      [.denseChunk(chunk(0))],
      [.dense(head), .dense(head)],
      [.dense(head), .end(EndMarker(round: 0, reason: ""))],
      [.dense(head), .ancillary(type: 200, payload: [])],
      [.dense(head), .denseChunk(chunk(1))],
      [.dense(head), .denseChunk(chunk(0, of: 2))],
      [.dense(head), .denseChunk(chunk(0)), .denseChunk(chunk(0))],
      [
        .dense(head),
        .denseChunk(DenseChunk(round: 1, index: 0, bytes: Array(chunk(0).bytes.dropLast()))),
      ],
      [
        .dense(head), .denseChunk(chunk(0)), .denseChunk(chunk(1)),
        .denseChunk(DenseChunk(round: 1, index: 2, bytes: altered)),
      ],
      [.dense(round(1, [2], good))], [.dense(round(1, [3], good))],
      [.dense(round(1, [1, 0], good))], [.dense(round(1, [], good))],
      [.dense(round(0, [0], good))],
    ]
    for (number, records) in sequences.enumerated() {
      let writer = try JournalWriter.create(
        at: folder.path("\(number).zorba"), header: header, durability: .onRequest)
      for record in records.dropLast() { try writer.append(record) }
      let before = writer.byteCount
      #expect(throws: ZorBAError.self, "\(number)") {
        if let last = records.last { try writer.append(last) }
      }
      #expect(writer.byteCount == before)
    }
    // A whole round is refused as a whole.
    let writer = try JournalWriter.create(at: folder.path("whole.zorba"), header: header)
    let before = try TemporaryFolder.read(writer.path)
    #expect(throws: ZorBAError.self) {
      try writer.append(head, changes: good.body.reversed())
    }
    #expect(throws: ZorBAError.self) {
      try writer.append(head, changes: Array(good.body.dropLast(4)))
    }
    #expect(throws: ZorBAError.self) { try writer.append(head, changes: good.body + [0]) }
    #expect(try TemporaryFolder.read(writer.path) == before)
    try writer.append(head, changes: good.body)
    #expect(writer.lastRound == 1)
  }

  @Test func mutatedPayloadsGiveErrorsOrCanonicalRecords() throws {
    var random = SeededGenerator(seed: 64)
    var accepted = 0
    for index in 0..<6000 {
      let number = UInt64.random(in: 1...1000, using: &random)
      let record: JournalRecord =
        index % 2 == 0
        ? .dense(
          DenseRound(
            number: number, learningRate: 0.5, encoding: index % 4 == 0 ? .int8 : .float32,
            participants: SampleJournal.subset(1..<9, &random).map { UInt32($0) },
            blocks: [0] + SampleJournal.subset(1..<9, &random),
            digest: SampleJournal.digest(&random)))
        : .denseChunk(
          DenseChunk(
            round: number, index: Int.random(in: 0...300, using: &random),
            bytes: (0..<Int.random(in: 1...40, using: &random)).map { UInt8($0) }))
      #expect(try JournalRecord(type: record.type, payload: record.payload) == record)
      var payload = record.payload
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: payload.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: payload[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: payload.insert(0xFF, at: place)
        case 2: payload.remove(at: place)
        default: payload.removeLast(payload.count - place)
        }
        if payload.isEmpty { break }
      }
      do {
        let decoded = try JournalRecord(type: record.type, payload: payload)
        accepted += 1
        #expect(decoded.payload == payload)
      } catch let error as ZorBAError {
        #expect(error.code == .invalidJournal)
      }
    }
    #expect(accepted > 100)
  }

  /// A head that promises more than the file has, or than any model, costs nothing.
  @Test func hugePromisesAreRefused() throws {
    var random = SeededGenerator(seed: 65)
    let folder = try TemporaryFolder()
    for extent in [1 << 44, 1 << 50, Int.max] {
      let sound = header(&random)
      let model = ModelFingerprint(
        family: "llama",
        blocks: [[.init(name: "w", dtype: .float32, shape: [extent])], [], []])
      let header = JournalHeader(
        schedule: sound.schedule, base: sound.base, model: model, configuration: [:])
      let path = folder.path("huge-\(extent).zorba")
      let writer = try JournalWriter.create(at: path, header: header, durability: .onRequest)
      let head = DenseRound(
        number: 1, learningRate: 1, encoding: .float32, participants: [1], blocks: [0],
        digest: SampleJournal.digest(&random))
      if extent == 1 << 44 {
        try writer.append(.dense(head))
        let (found, reader) = try rounds(path)
        #expect(found.isEmpty && reader.tornByteCount > 0)
      } else {
        #expect(throws: ZorBAError.self) { try writer.append(.dense(head)) }
      }
    }
  }
}
