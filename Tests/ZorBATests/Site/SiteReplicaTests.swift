import Testing
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBAPlanning
import ZorBATensor
import ZorBATestSupport

@testable import ZorBA

/// A site's copy of the model answers as the client of a simulation, and never moves unasked.
@Suite struct SiteReplicaTests {
  private static func header(
    _ run: SiteRun, _ change: (inout RunConfiguration) -> Void = { _ in }
  ) throws -> JournalHeader {
    var configuration = run.configuration
    change(&configuration)
    return try ModelCard(
      ofCheckpoint: configuration.model, precision: configuration.precision,
      context: ComputeContext(threads: 1)
    ).journalHeader(of: configuration)
  }

  @Test func anotherBaseModelIsRefusedByItsBlock() throws {
    let run = try SiteRun()
    let header = try Self.header(run)
    var other = run
    other.configuration.model = try TinyCheckpoint(seed: 2).write(to: run.run.folder, as: "other")
    let error = #expect(throws: ZorBAError.self) { try other.replica(1, of: header) }
    #expect(error?.code == .invalidModel && error?.message.contains("block 0") == true)
    other.configuration.model = try TinyCheckpoint(layers: 2).write(to: run.run.folder, as: "less")
    #expect(
      #expect(throws: ZorBAError.self) { try other.replica(1, of: header) }?.code == .invalidModel)
  }

  /// The run decides how weights are stored, whatever the checkpoint has.
  @Test(arguments: [WeightPrecision.asCheckpoint, .float32, .bfloat16])
  func weightsAreStoredAsTheRunSays(_ precision: WeightPrecision) throws {
    var checkpoint = TinyCheckpoint()
    checkpoint.dtype = .bfloat16
    let run = try SiteRun(checkpoint) { $0.precision = precision }
    let replica = try run.replica(2, of: Self.header(run))
    #expect(replica.stateDigest == (try run.run.prepared().base))
  }

  @Test func whatIsNotItsOwnIsRefused() throws {
    let run = try SiteRun()
    let header = try Self.header(run)
    let context = try ComputeContext(threads: 1)
    let files = run.configuration.data.train
    for (number, train) in [(0, [files[0]]), (4, [files[0]]), (1, []), (1, files)] {
      let error = #expect(throws: ZorBAError.self) {
        try SiteReplica(
          header: header,
          configuration: RunFile.parse(
            header: header, model: run.configuration.model, data: DataFiles(train: train)),
          siteNumber: number, context: context)
      }
      #expect(error?.code == .invalidConfiguration)
    }
  }

  /// Cancelled between any two steps, or asked for what is not there, the weights stay.
  @Test func nothingButACommitMovesTheWeights() throws {
    let run = try SiteRun { $0.method.localSteps = 4 }
    let replica = try run.replica(1, of: Self.header(run))
    let before = replica.stateDigest
    for last in 0..<4 {
      let asked = Counter()
      #expect(throws: CancellationError.self) {
        try replica.answer(round: 1, blocks: [1, 3]) { asked.next() == last }
      }
      #expect(asked.next() == last + 1)
      #expect(replica.stateDigest == before)
    }
    for (round, blocks) in [
      (0, [1]), (2, [1]), (1, []), (1, [4]), (1, [-1]), (1, [2, 1]), (1, [1, 1]),
    ] {
      let error = #expect(throws: ZorBAError.self) {
        try replica.answer(round: round, blocks: blocks)
      }
      #expect(error?.code == .invalidData)
    }
    let answer = try replica.answer(round: 1, blocks: [1, 3])
    #expect(answer.scalars.count == 4 && replica.stateDigest == before)
    var again = try replica.answer(round: 1, blocks: [1, 3])
    again.seconds = answer.seconds
    #expect(again == answer)
  }

  @Test func roundsAreAppliedOnce() throws {
    let run = try SiteRun()
    let replica = try run.replica(1, of: Self.header(run))
    func round(_ number: UInt64, block: Int = 1) throws -> CommittedRound {
      try Aggregation(round: number, seeding: .shared, learningRate: 0.1, directions: 1).commit([
        ClientResult(client: 1, weight: 1, blocks: [block], scalars: [1])
      ])
    }
    try replica.apply([])
    try replica.apply([round(1), round(2)])
    #expect(replica.lastRound == 2)
    let before = replica.stateDigest
    for wrong in [[try round(2)], [try round(4), try round(3)], [try round(3, block: 9)]] {
      #expect(throws: ZorBAError.self) { try replica.apply(wrong) }
      #expect(replica.stateDigest == before && replica.lastRound == 2)
    }
    #expect(try replica.digests(ofBlocks: [2, 0]) == [before.blocks[2], before.blocks[0]])
    #expect(throws: ZorBAError.self) { try replica.digests(ofBlocks: [4]) }
    try replica.verify(DigestCheckpoint(round: 2, state: before))
    let wrong = DigestCheckpoint(
      round: 2, entries: [.init(block: 1, digest: before.blocks[2])])
    let error = #expect(throws: ZorBAError.self) { try replica.verify(wrong) }
    #expect(error?.message.contains("block 1") == true)
    #expect(throws: ZorBAError.self) {
      try replica.verify(DigestCheckpoint(round: 3, state: before))
    }
  }

  @Test func evaluationsAreThoseOfTheEngine() throws {
    let run = try SiteRun()
    let header = try Self.header(run)
    let replica = try run.replica(1, of: header)
    let test = try #require(run.configuration.data.test)
    let expected = try FineTunedModel(path: run.configuration.model, threads: 1)
      .evaluate(file: test, task: run.configuration.task, batch: run.configuration.batch)
    #expect(try replica.evaluate(.test) == expected)
    #expect(try replica.evaluate(.validation) == nil)
    #expect(try run.replica(2, of: header).evaluate(.test) == nil)
  }

  /// A coordinator cannot choose how many of a site's rows it learns the figures of.
  @Test(arguments: [1, 2, 1000]) func evaluationsAreOfAllRows(_ limit: Int) throws {
    let whole = try SiteRun()
    let limited = try SiteRun { $0.evaluate.limit = limit }
    func evaluation(_ run: SiteRun) throws -> Evaluation? {
      try run.replica(1, of: Self.header(run)).evaluate(.test)
    }
    let found = try #require(try evaluation(limited))
    #expect(found == (try evaluation(whole)))
    #expect(found.overall.examples > 2)
  }

  /// Segments are told only where they are asked for, and only of as many rows as both the run and the
  /// site want.
  @Test func segmentsAreToldWhereBothSidesWantThem() throws {
    func segments(
      least: Int?, minimum: Int = 1
    ) throws -> [Int]? {
      var run = try SiteRun {
        $0.fairness = FairnessConfiguration()
        $0.fairness?.segment = "age"
        $0.fairness?.minimumCount = minimum
      }
      let rows = TinyRun.rows(20, seed: 4).split(separator: "\n").enumerated().map { index, row in
        row.dropLast() + ", \"age\": \"\(index < 1 ? "a" : index < 3 ? "b" : "c")\"}\n"
      }
      run.configuration.data.test = try run.run.folder.write(rows.joined(), to: "aged.jsonl")
      return try run.replica(1, of: Self.header(run)).evaluate(.test, leastSegment: least)?
        .perSegment?.told.map(\.figures.examples)
    }
    #expect(try segments(least: nil) == nil)
    #expect(try segments(least: 0) == [1, 2, 17])
    #expect(try segments(least: 1) == [1, 2, 17])
    #expect(try segments(least: 2) == [17])
    #expect(try segments(least: 0, minimum: 3) == [17])
    #expect(try segments(least: 4, minimum: 3) == [])
  }

  /// Costs that a site reckons alone are those that a simulation reckons for it.
  @Test(arguments: SeedingMode.allCases)
  func costsAreThoseOfASimulation(_ seeding: SeedingMode) throws {
    let run = try SiteRun {
      $0.method.seeding = seeding
      $0.method.localSteps = 2
      $0.federation.participation = 0.7
    }
    let simulated = try run.run.prepared().drawing.estimates.costs()
    let header = try Self.header(run)
    for number in 1...3 {
      let costs = try run.replica(number, of: header).costs()
      #expect(costs == simulated[number - 1])
      let text = Array(costs.json.serialized.utf8)
      #expect(try SiteCosts(parsing: text, blocks: 3) == costs)
      #expect(throws: ZorBAError.self) { try SiteCosts(parsing: text, blocks: 2) }
    }
  }

  @Test func damagedCostsGiveErrors() throws {
    var random = SeededGenerator(seed: 30)
    var mutator = Mutator(seed: 31)
    func numbers(_ least: Double) -> [Double] {
      (0..<4).map { _ in least + Double.random(in: 0...1e9, using: &random) }
    }
    let costs = SiteCosts(
      fixedBytes: 1e9 / 3, residentBytes: numbers(0), fixedSeconds: 0.1, prefixSeconds: numbers(0),
      suffixSeconds: numbers(1e9), activeSeconds: numbers(0))
    let text = Array(costs.json.serialized.utf8)
    #expect(try SiteCosts(parsing: text, blocks: 4) == costs)
    var refused = 0
    for _ in 0..<5000 {
      do {
        let read = try SiteCosts(parsing: mutator.mutate(text), blocks: 4)
        #expect(read.memory([true, true, true, true]).isFinite)
        #expect(zip(read.prefixSeconds, read.suffixSeconds).allSatisfy { $0 <= $1 })
      } catch let error as ZorBAError {
        #expect(error.code == .invalidData)
        refused += 1
      }
    }
    #expect(refused > 3000)
    let padded = text + [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20)
    #expect(throws: ZorBAError.self) { try SiteCosts(parsing: padded, blocks: 4) }
  }

  /// The same answers and digests within a limit of memory.
  @Test func aMemoryBudgetChangesNoBit() throws {
    let run = try SiteRun { $0.method.localSteps = 2 }
    let header = try Self.header(run)
    let free = try run.replica(1, of: header)
    var configuration = try RunFile.parse(
      header: header, model: run.configuration.model,
      data: DataFiles(train: [run.configuration.data.train[0]]))
    configuration.memory.budgetMiB = 4096
    configuration.out = run.run.folder.path
    let limited = try SiteReplica(
      header: header, configuration: configuration, siteNumber: 1,
      context: ComputeContext(threads: 1))
    let (one, other) = (
      try free.answer(round: 1, blocks: [2]), try limited.answer(round: 1, blocks: [2])
    )
    #expect(one.scalars == other.scalars && limited.stateDigest == free.stateDigest)
    configuration.memory.budgetMiB = 1
    let tight = configuration
    let error = #expect(throws: ZorBAError.self) {
      try SiteReplica(
        header: header, configuration: tight, siteNumber: 1, context: ComputeContext(threads: 1))
    }
    #expect(error?.location.field == "memory.budget_mib")
  }
}
