import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

@testable import ZorBA

/// Whole runs of first-order methods: interrupted anyhow, replayed, inspected.
@Suite struct FirstOrderRunTests {
  struct Variant: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var change: @Sendable (inout RunConfiguration) -> Void
  }

  static let variants = [
    Variant(testDescription: "FedAvg, AdamW, three steps") {
      $0.method.name = .fedavg
      $0.method.localSteps = 3
    },
    Variant(testDescription: "FedProx, momentum, bytes, half of the clients, everything trained") {
      $0.method.name = .fedprox
      $0.method.firstOrder.optimizer = .sgd
      $0.method.firstOrder.momentum = 0.9
      $0.method.firstOrder.upload = .int8
      $0.method.firstOrder.proximal = 0.5
      $0.method.localSteps = 2
      $0.federation.participation = 0.5
      $0.blocks.outer = true
    },
    Variant(testDescription: "FedAdam, accumulation, rotating random blocks, cosine") {
      $0.method.name = .fedadam
      $0.method.firstOrder.serverLearningRate = 0.01
      $0.method.firstOrder.accumulation = 2
      $0.method.localSteps = 2
      $0.method.weightDecay = 0.1
      $0.method.schedule = .cosine
      $0.method.warmupRounds = 2
      $0.blocks.plan = .random
      $0.blocks.rotateEvery = 2
    },
    Variant(testDescription: "FedKSeed, a pool of 8, three steps") {
      $0.method.name = .fedkseed
      $0.method.seeding = .perClient
      $0.method.pool = 8
      $0.method.localSteps = 3
    },
    Variant(testDescription: "FedZO: directions of their own, three steps") {
      $0.method.seeding = .perClient
      $0.method.localSteps = 3
      $0.method.directions = 2
    },
  ]

  private func run(_ variant: Variant) throws -> TinyRun {
    var run = try TinyRun {
      $0.method.learningRate = 0.02
      variant.change(&$0)
    }
    run.gradients = QuadraticGradients.factory
    return run
  }

  @Test(arguments: variants)
  func interruptionAfterAnyRoundChangesNothing(_ variant: Variant) throws {
    let run = try run(variant)
    let whole = try RunTrace(run.run(), out: run.configuration.out)
    for round in 0..<run.configuration.rounds {
      let out = run.folder.path("interrupted-\(round)")
      let first = try run.run(stop: round, out: out)
      #expect(first.isIncomplete && first.rounds == round)
      let second = try run.run(resume: true, out: out, threads: 2)
      #expect(try RunTrace(second, out: out) == whole, "interrupted after round \(round)")
    }
  }

  @Test(arguments: variants)
  func aKilledRunGoesOnToTheSameBits(_ variant: Variant) throws {
    // The moments of a killed run lie beside its journal; killing keeps them.
    guard !variant.testDescription.hasPrefix("FedAdam") else { return }
    try ResumeTests.checkKills(of: run(variant), seed: 5)
  }

  @Test(arguments: variants)
  func replayGivesTheFinalWeights(_ variant: Variant) throws {
    let run = try run(variant)
    let result = try run.run()
    #expect(result.after != nil && result.history.count == run.configuration.rounds)
    let model = try FineTunedModel(
      path: run.configuration.model, journal: result.journalPath, threads: 2)
    #expect(model.stateDigest() == result.stateDigest)
    let base = try FineTunedModel(
      path: run.configuration.model, journal: result.journalPath, round: 0)
    #expect(base.stateDigest() != result.stateDigest)
    let middle = try FineTunedModel(
      path: run.configuration.model, journal: result.journalPath, round: 3)
    #expect(middle.round == 3)
    #expect(throws: ZorBAError.self) {
      try FineTunedModel(path: run.configuration.model, journal: result.journalPath, round: 7)
    }
  }

  /// A change of more than a chunk: cut inside the chunks, the round is made again.
  @Test func aRunKilledBetweenChunksGoesOnToTheSameBits() throws {
    var checkpoint = TinyCheckpoint()
    checkpoint.layers = 150
    var run = try TinyRun(checkpoint) {
      $0.method.name = .fedadam
      $0.method.firstOrder.serverLearningRate = 0.01
      $0.method.learningRate = 0.02
      $0.rounds = 2
      $0.data.test = nil
      $0.data.validation = nil
    }
    run.gradients = QuadraticGradients.factory
    let whole = try run.run()
    let folder = RunFolder(path: run.configuration.out)
    let bytes = try contents(of: folder.journal)
    var chunks: [JournalReader.Entry] = []
    let reader = try JournalReader(path: folder.journal)
    while let entry = try reader.next() {
      if case .denseChunk(let chunk) = entry.record, chunk.round == 2 { chunks.append(entry) }
    }
    #expect(chunks.count > 1)
    for (index, entry) in chunks.enumerated() {
      let name = "killed-\(index)"
      let out = run.folder.path(name)
      _ = try run.run(stop: 1, out: out)
      // As a kill in round 2 leaves the folder: its metrics and moments are there already.
      try run.folder.write(bytes[..<(entry.offset + 11)], to: "\(name)/run.zorba")
      try run.folder.write(contents(of: folder.metrics), to: "\(name)/metrics.jsonl")
      try run.folder.write(
        contents(of: "\(run.configuration.out)/server-0.state"), to: "\(name)/server-0.state")
      let result = try run.run(resume: true, out: out)
      #expect(result.stateDigest == whole.stateDigest)
      #expect(try contents(of: RunFolder(path: out).journal) == bytes)
    }
    // Without the moments there is no going on.
    let out = run.folder.path("without")
    _ = try run.run(stop: 1, out: out)
    try run.folder.write([UInt8](repeating: 0, count: 500), to: "without/server-1.state")
    let error = #expect(throws: ZorBAError.self) { try run.run(resume: true, out: out) }
    #expect(error?.code == .invalidData)
  }

  @Test func inspectionAndResultTellOfDenseRounds() throws {
    let run = try run(Self.variants[1])
    let result = try run.run()
    let facts = try Inspection(path: result.journalPath).facts
    #expect(facts.first { $0.name == "dense_rounds" }?.value == "6")
    #expect(facts.first { $0.name == "dense_encoding" }?.value == "int8")
    let parameters = try run.prepared().loaded.model.trainable
    let blocks = Array(parameters.blocks.indices)
    let change = DenseLayout(blocks: blocks, of: parameters).byteCount(.int8)
    for round in result.history {
      #expect(round.bytesUp == round.clients.count * (change + 8))
      #expect(round.bytesDown == 3 * (change + 20))
      #expect(round.clients.allSatisfy { $0.scalars.isEmpty && $0.examples == 4 })
    }
    #expect(result.poolDownloadBytes == nil)
    #expect(try self.run(Self.variants[3]).run().poolDownloadBytes == 32)
  }

  /// Every step of every client is as many passes as its minibatch is taken in parts.
  @Test func passesAreCounted() throws {
    // Variant, and passes of a client in a round: steps times parts, or sides of scalars.
    for (index, passes) in [(0, 3), (1, 2), (2, 2 * 2), (3, 3 * 2)] {
      let run = try run(Self.variants[index])
      let result = try run.run()
      let answers = result.history.reduce(0) { $0 + $1.clients.count }
      #expect(answers >= 6 && result.forwardPasses == answers * passes)
      #expect(
        try JSONParser.parse(Array(result.jsonText.utf8))["forward_passes"]?.integer
          == result.forwardPasses)
      let out = run.folder.path("again")
      _ = try run.run(stop: 3, out: out)
      #expect(try run.run(resume: true, out: out).forwardPasses == result.forwardPasses)
    }
  }

  /// Answers that were refused are counted, and come back from their line.
  @Test func passesOfRefusedAnswersAreCounted() throws {
    var metrics = RoundMetrics(
      round: 1, seconds: 1, loss: 1,
      clients: [.init(name: "a", loss: 1, scalars: [], examples: 4, activeBlocks: 2, passes: 6)],
      leftOut: [.init(name: "b", scalars: [], passes: 2)], coveredBlocks: 2, bytesUp: 1,
      bytesDown: 1, peakMemoryBytes: 1)
    #expect(RoundMetrics(json: metrics.json) == metrics)
    var result = RunResult(model: "m", rounds: 1)
    result.history = [metrics]
    #expect(result.forwardPasses == 8)
    metrics.clients[0].passes = nil
    metrics.clients[0].scalars = [1, 2]
    metrics.leftOut[0] = .init(name: "b", scalars: [3])
    #expect(RoundMetrics(json: metrics.json) == metrics)
    #expect(!metrics.json.serialized.contains("passes"))
    result.history = [metrics]
    #expect(result.forwardPasses == 6)
  }

  @Test func lossFalls() throws {
    for variant in Self.variants.prefix(3) {
      let history = try run(variant).run().history
      let (first, last) = (try #require(history.first), try #require(history.last))
      #expect(last.loss < first.loss, "\(variant.testDescription)")
    }
  }
}

/// Runs of a whole model on its own gradients.
@Suite struct FirstOrderModelTests {
  @Test(arguments: [MethodName.fedavg, .fedprox, .fedadam], TinyCheckpoint.Family.allCases)
  func aModelLearnsAndResumes(_ method: MethodName, _ family: TinyCheckpoint.Family) throws {
    var checkpoint = TinyCheckpoint()
    checkpoint.family = family
    let run = try TinyRun(checkpoint) {
      $0.method.name = method
      $0.method.learningRate = 0.01
      $0.method.localSteps = 4
      $0.method.firstOrder.serverLearningRate = method == .fedadam ? 0.01 : 1
      $0.method.firstOrder.accumulation = 2
      $0.method.firstOrder.checkpointing = method == .fedprox
      $0.blocks.outer = true
      $0.rounds = 12
      $0.evaluate.every = 0
    }
    let result = try run.run()
    let (first, last) = (try #require(result.history.first), try #require(result.history.last))
    #expect(last.loss < 0.7 * first.loss)
    let out = run.folder.path("again")
    _ = try run.run(stop: 5, out: out)
    let resumed = try run.run(resume: true, out: out, threads: 2)
    #expect(resumed.stateDigest == result.stateDigest)
    let model = try FineTunedModel(
      path: run.configuration.model, journal: result.journalPath, threads: 1)
    #expect(model.stateDigest() == result.stateDigest)
  }

  /// The same over adapters: LoRA with dropout, IA3, and LoRA over a base of 4 bits.
  @Test(arguments: ["lora", "ia3", "qlora"], TinyCheckpoint.Family.allCases)
  func adaptersLearnAndResume(_ kind: String, _ family: TinyCheckpoint.Family) throws {
    var checkpoint = TinyCheckpoint()
    checkpoint.family = family
    let run = try TinyRun(checkpoint) {
      $0.adapter = AdapterConfiguration()
      $0.adapter?.targets = ["all-linear"]
      if kind == "ia3" {
        $0.adapter?.kind = .ia3
      } else {
        $0.adapter?.rank = 4
        $0.adapter?.dropout = 0.1
        $0.adapter?.base = kind == "qlora" ? .nf4 : .asStored
      }
      $0.method.name = .fedavg
      $0.method.learningRate = 0.03
      $0.method.localSteps = 5
      $0.method.firstOrder.accumulation = 2
      $0.method.firstOrder.checkpointing = kind == "lora"
      $0.rounds = 16
      $0.evaluate.every = 0
    }
    let weights = run.configuration.model + "/model.safetensors"
    let before = try contents(of: weights)
    let result = try run.run()
    // Masks and minibatches of two make the loss of single rounds jump about.
    let losses = result.history.map(\.loss)
    let least = try #require(losses.suffix(8).min())
    #expect(least < 0.7 * losses[0], "\(losses)")
    #expect(try contents(of: weights) == before)
    #expect(result.forwardPasses == 16 * 3 * 5 * 2)
    let out = run.folder.path("again")
    _ = try run.run(stop: 5, out: out)
    let resumed = try run.run(resume: true, out: out, threads: 2)
    #expect(resumed.stateDigest == result.stateDigest)
    let model = try FineTunedModel(
      path: run.configuration.model, journal: result.journalPath, threads: 1)
    #expect(model.stateDigest() == result.stateDigest)
  }
}
