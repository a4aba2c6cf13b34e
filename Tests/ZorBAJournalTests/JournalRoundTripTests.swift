import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

@Suite struct JournalRoundTripTests {
  @Test(arguments: 0..<60)
  func recordsComeBackAsWritten(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let folder = try TemporaryFolder()
    let path = folder.path("run.zorba")
    let header = SampleJournal.header(
      seeding: seed.isMultiple(of: 2) ? .shared : .perClient, using: &generator)
    let records = try SampleJournal.write(
      to: path, header: header, count: 30, using: &generator)

    let reader = try JournalReader(path: path)
    #expect(reader.header == header)
    let (entries, torn) = try SampleJournal.read(path)
    #expect(entries.map(\.record) == records)
    #expect(entries.map(\.index) == Array(1...30))
    #expect(torn == 0)
    let bytes = try TemporaryFolder.read(path)
    let end = try #require(entries.last)
    #expect(end.offset + end.byteCount == bytes.count)

    // Equal records make equal files, and a decoded record encodes to the bytes it came from.
    let copy = folder.path("copy.zorba")
    let writer = try JournalWriter.create(
      at: copy, header: reader.header, durability: .onRequest)
    for entry in entries { try writer.append(entry.record) }
    #expect(try TemporaryFolder.read(copy) == bytes)
    #expect(writer.chain == end.chain)
    #expect(writer.byteCount == bytes.count)
    #expect(writer.recordCount == 31)
    #expect(try JournalDivergence.first(between: path, and: copy) == nil)
  }

  @Test func resumingContinuesTheSameFile() throws {
    var generator = SeededGenerator(seed: 70)
    let folder = try TemporaryFolder()
    let header = SampleJournal.header(using: &generator)
    let records = try SampleJournal.records(count: 40, header: header, using: &generator)
    let whole = folder.path("whole.zorba")
    let pieces = folder.path("pieces.zorba")
    let writer = try JournalWriter.create(at: whole, header: header)
    for record in records { try writer.append(record) }

    _ = try JournalWriter.create(at: pieces, header: header)
    for record in records {
      let writer = try JournalWriter.resume(at: pieces)
      #expect(writer.discardedByteCount == 0)
      try writer.append(record)
    }
    #expect(try TemporaryFolder.read(pieces) == TemporaryFolder.read(whole))
  }

  @Test func roundsCanBeReadInPortionsUpToAny() throws {
    var generator = SeededGenerator(seed: 71)
    let folder = try TemporaryFolder()
    let path = folder.path("run.zorba")
    let records = try SampleJournal.write(
      to: path, header: SampleJournal.header(using: &generator), count: 60, using: &generator)
    let rounds = records.compactMap { record -> CommittedRound? in
      if case .round(let round) = record { round } else { nil }
    }
    for last in [0, rounds[5].number - 1, rounds[5].number, .max] {
      let reader = try JournalReader(path: path)
      var read: [CommittedRound] = []
      while true {
        let portion = try reader.nextRounds(upTo: last, maximumCount: 7)
        #expect(portion.count <= 7)
        if portion.isEmpty { break }
        read += portion
      }
      #expect(read == rounds.filter { $0.number <= last })
    }
  }

  /// What a commit costs on disk and on the wire.
  @Test func aSmallRoundIsSmall() throws {
    let blocks = (1...24).map {
      CommittedRound.BlockCoefficients(block: $0, values: [Float($0) * 1e-5])
    }
    let shared = try CommittedRound(
      number: 1000, learningRate: 1e-6, directions: 1, participants: Array(1...8),
      coefficients: .shared(blocks))
    #expect(shared.encoded.count == 96 + 19)
    let perClient = try CommittedRound(
      number: 1000, learningRate: 1e-6, directions: 1, participants: Array(1...8),
      coefficients: .perClient((1...8).map { .init(client: $0, blocks: blocks) }))
    #expect(perClient.encoded.count == 8 * 96 + 16 + 8 * 3)
  }

  @Test func headersVerifyTheirModel() throws {
    var generator = SeededGenerator(seed: 72)
    let tensors: [[(name: String, tensor: Tensor)]] = try [["a", "b"], ["c"]].map { names in
      try names.map { name in
        let buffer = try AlignedBuffer(byteCount: 48)
        return (
          name, Tensor(dtype: .float32, shape: [3, 4], bytes: buffer.bytes, owner: buffer)
        )
      }
    }
    let parameters = ParameterSet(blocks: tensors)
    let fingerprint = ModelFingerprint(family: "opt", parameters: parameters)
    try fingerprint.verify(family: "opt", parameters: parameters)
    #expect(throws: ZorBAError.self) {
      try fingerprint.verify(family: "gpt2", parameters: parameters)
    }
    let fewer = ParameterSet(blocks: [tensors[0], []])
    let error = #expect(throws: ZorBAError.self) {
      try fingerprint.verify(family: "opt", parameters: fewer)
    }
    #expect(error?.code == .invalidModel)
    #expect(error?.message.contains("tensor 0 of block 1 is absent") == true)
    #expect(throws: ZorBAError.self) {
      try fingerprint.verify(family: "opt", parameters: ParameterSet(blocks: [tensors[0]]))
    }

    let header = SampleJournal.header(using: &generator)
    try header.verify(base: header.base)
    var blocks = header.base.blocks
    blocks[2] = SampleJournal.digest(&generator)
    let other = #expect(throws: ZorBAError.self) {
      try header.verify(base: StateDigest(blocks: blocks))
    }
    #expect(other?.code == .invalidJournal)
    #expect(other?.message.contains("block 2") == true)
  }

  @Test func plansCycle() {
    let plan = PlanRecord(
      firstRound: 5,
      cycle: [[.init(client: 1, blocks: [1])], [.init(client: 1, blocks: [2])]])
    #expect(plan.matrix(round: 4) == nil)
    #expect(plan.matrix(round: 5)?.first?.blocks == [1])
    #expect(plan.matrix(round: 6)?.first?.blocks == [2])
    #expect(plan.matrix(round: 105)?.first?.blocks == [1])
    let slow = PlanRecord(firstRound: 5, window: 10, cycle: plan.cycle)
    let blocks = [5, 14, 15, 24, 25, 105].map { slow.matrix(round: $0)?.first?.blocks }
    #expect(blocks == [[1], [1], [2], [2], [1], [1]])
  }

  /// A matrix is listed once, however long it stays; a plan without windows is as it always was.
  @Test func slowRotationCostsNothing() throws {
    let cycle: [[PlanRecord.Row]] = (1...64).map { matrix in
      (1...8).map { .init(client: $0, blocks: [matrix]) }
    }
    let fast = JournalRecord.plan(PlanRecord(firstRound: 1, cycle: cycle))
    let slow = JournalRecord.plan(PlanRecord(firstRound: 1, window: 1_000_000, cycle: cycle))
    #expect(fast.type == 3 && slow.type == 7)
    #expect(slow.payload.count == fast.payload.count + 3)
    #expect(try JournalRecord(type: 7, payload: slow.payload) == slow)
  }
}
