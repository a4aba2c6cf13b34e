import Testing
import ZorBA
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

/// A run that was interrupted, anyhow and anywhere, goes on to the bits of one that was not.
@Suite struct ResumeTests {
  struct Variant: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var dtype = DType.float32
    var change: @Sendable (inout RunConfiguration) -> Void
  }

  static let variants = [
    Variant(testDescription: "one step, one direction") { _ in },
    Variant(testDescription: "three local steps, two directions") {
      $0.method.localSteps = 3
      $0.method.directions = 2
    },
    Variant(testDescription: "directions of their own, half of the clients, cosine") {
      $0.method.seeding = .perClient
      $0.federation.participation = 0.5
      $0.method.schedule = .cosine
      $0.method.warmupRounds = 2
      $0.method.weightDecay = 0.1
    },
    Variant(testDescription: "rotating random blocks, local steps, own directions") {
      $0.blocks.plan = .random
      $0.blocks.rotateEvery = 2
      $0.method.seeding = .perClient
      $0.method.localSteps = 3
      $0.method.directions = 2
      $0.method.perturbation = .rademacher
    },
    Variant(testDescription: "bfloat16 storage, everything trained", dtype: .bfloat16) {
      $0.method.localSteps = 3
      $0.blocks.outer = true
      $0.federation.participation = 0.5
      $0.method.perturbation = .popcount
    },
    Variant(testDescription: "binary32 checkpoint trained in bfloat16") {
      $0.precision = .bfloat16
      $0.blocks.plan = .random
      $0.federation.weights = .uniform
    },
    Variant(testDescription: "norms cut to a bound of the rounds before, weights by loss") {
      $0.aggregation.rule = .normClipped
      $0.fairness = FairnessConfiguration()
      $0.fairness?.lossExponent = 1.5
      $0.method.directions = 2
    },
    Variant(testDescription: "the median of trajectories") {
      $0.aggregation.rule = .median
      $0.method.localSteps = 2
    },
    Variant(testDescription: "a guard that leaves answers out") {
      $0.guardrail.action = .skip
      $0.guardrail.factor = 3.01
      $0.method.directions = 4
      $0.rounds = 12
      $0.method.learningRate = 0.2
      $0.seed = 3
    },
  ]

  @Test(arguments: variants)
  func interruptionAfterAnyRoundChangesNothing(_ variant: Variant) throws {
    var checkpoint = TinyCheckpoint()
    checkpoint.dtype = variant.dtype
    let run = try TinyRun(checkpoint, change: variant.change)
    let whole = try RunTrace(run.run(), out: run.configuration.out)
    for round in 0..<run.configuration.rounds {
      let out = run.folder.path("interrupted-\(round)")
      let first = try run.run(stop: round, out: out)
      #expect(first.isIncomplete && first.rounds == round)
      let second = try run.run(resume: true, out: out, threads: 2)
      #expect(!second.isIncomplete)
      #expect(try RunTrace(second, out: out) == whole, "interrupted after round \(round)")
    }
  }

  @Test func interruptionAfterEveryRoundChangesNothing() throws {
    let run = try TinyRun { $0.method.localSteps = 2 }
    let whole = try RunTrace(run.run(), out: run.configuration.out)
    let out = run.folder.path("again")
    var result = try run.run(stop: 0, out: out)
    while result.isIncomplete { result = try run.run(resume: true, stop: 1, out: out) }
    #expect(try RunTrace(result, out: out) == whole)
  }

  @Test func resumingAFinishedRunChangesNothing() throws {
    let run = try TinyRun()
    let whole = try RunTrace(run.run(), out: run.configuration.out)
    let again = try run.run(resume: true)
    #expect(try RunTrace(again, out: run.configuration.out) == whole)
  }

  /// What `kill -9` leaves: the journal ends anywhere inside the record that was being written, and
  /// the round's metrics, which are written first, are there, torn or missing.
  @Test(arguments: [0, 1, 3])
  func aKilledRunGoesOnToTheSameBits(_ variant: Int) throws {
    try Self.checkKills(of: TinyRun(change: Self.variants[variant].change), seed: UInt64(variant))
  }

  /// Kills a run inside each of its records, and takes it up again.
  static func checkKills(of run: TinyRun, seed: UInt64) throws {
    let whole = try RunTrace(run.run(), out: run.configuration.out)
    let folder = RunFolder(path: run.configuration.out)
    let journal = try contents(of: folder.journal)
    let lines = try contents(of: folder.metrics).split(separator: UInt8(ascii: "\n")).map(
      Array.init)
    var random = SeededGenerator(seed: seed)
    var records: [JournalReader.Entry] = []
    let reader = try JournalReader(path: folder.journal)
    while let entry = try reader.next() { records.append(entry) }

    for (index, record) in records.enumerated() {
      // How many lines were written before this record was.
      var before = lines.count
      if case .round(let round) = record.record {
        before = try #require(
          lines.firstIndex { line in
            let value = try? JSONParser.parse(line, file: "metrics")
            return value?["round"]?.integer == Int(round.number) && value?["loss"] != nil
          })
      } else if case .plan(let plan) = record.record {
        // A plan stands right before the first round that follows it.
        before =
          lines.firstIndex { line in
            let value = try? JSONParser.parse(line, file: "metrics")
            return value?["round"]?.integer == Int(plan.firstRound) && value?["loss"] != nil
          } ?? 0
        if plan.firstRound == 1 { before = 0 }
      }
      let cut = record.offset + Int.random(in: 0..<record.byteCount, using: &random)
      let next = before < lines.count ? lines[before] : []
      let torn = next.prefix(Int.random(in: 0...next.count, using: &random))
      var tails: [[UInt8]] = [Array(torn), next + [UInt8(ascii: "\n")]]
      if next.isEmpty { tails = [[]] }
      for (kind, tail) in tails.enumerated() {
        let name = "killed-\(index)-\(kind)"
        try run.folder.write(journal[..<cut], to: "\(name)/run.zorba")
        let kept = lines[..<before].flatMap { $0 + [UInt8(ascii: "\n")] }
        try run.folder.write(kept + tail, to: "\(name)/metrics.jsonl")
        let out = run.folder.path(name)
        let result = try run.run(resume: true, out: out)
        #expect(
          try RunTrace(result, out: out) == whole,
          "record \(index) cut at byte \(cut), tail \(kind)")
      }
    }
  }

  /// A kill between a round's commit and the evaluation that follows it.
  @Test func anEvaluationThatWasMissedIsMadeUpFor() throws {
    let run = try TinyRun()
    let whole = try RunTrace(run.run(), out: run.configuration.out)
    let out = run.folder.path("killed")
    _ = try run.run(stop: 2, out: out)
    let metrics = RunFolder(path: out).metrics
    let lines = try contents(of: metrics).split(separator: UInt8(ascii: "\n"))
    let kept = lines.dropLast().flatMap { Array($0) + [UInt8(ascii: "\n")] }
    try run.folder.write(kept, to: "killed/metrics.jsonl")
    #expect(try RunTrace(run.run(resume: true, out: out), out: out) == whole)
  }
}
