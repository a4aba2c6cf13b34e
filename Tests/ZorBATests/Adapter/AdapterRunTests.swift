import Testing
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

@testable import ZorBA

/// Runs that train an adapter: the same journal, replay and resumption as of any run.
@Suite struct AdapterRunTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var dtype = DType.float32
    var family = TinyCheckpoint.Family.llama
    var change: @Sendable (inout RunConfiguration) -> Void

    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(name: "lora") { $0.adapter = AdapterConfiguration() },
    Case(name: "lora of bfloat16", dtype: .bfloat16) {
      $0.adapter = AdapterConfiguration()
      $0.blocks.plan = .random
    },
    Case(name: "lora of opt, converted", family: .opt) {
      $0.adapter = AdapterConfiguration()
      $0.adapter?.targets = ["all-linear"]
      $0.precision = .bfloat16
      $0.method.localSteps = 2
      $0.method.seeding = .perClient
    },
    Case(name: "ia3") {
      $0.adapter = AdapterConfiguration()
      $0.adapter?.kind = .ia3
      $0.blocks.plan = .lexicographic
    },
    Case(name: "nf4") {
      $0.adapter = AdapterConfiguration()
      $0.adapter?.base = .nf4
      $0.adapter?.rank = 2
    },
  ]

  private func tiny(_ kind: Case) throws -> TinyRun {
    var checkpoint = TinyCheckpoint()
    checkpoint.dtype = kind.dtype
    checkpoint.family = kind.family
    return try TinyRun(checkpoint) {
      kind.change(&$0)
      $0.method.learningRate = 0.1
    }
  }

  @Test(arguments: cases)
  func aRunReplaysAndResumes(_ kind: Case) throws {
    let run = try tiny(kind)
    let model = run.configuration.model
    let before = try contents(of: model + "/model.safetensors")
    let whole = try run.run()
    #expect(try contents(of: model + "/model.safetensors") == before)
    #expect(whole.before?.overall.loss != whole.after?.overall.loss)

    let replayed = try FineTunedModel(path: model, journal: whole.journalPath, threads: 3)
    #expect(replayed.hasAdapter && replayed.stateDigest() == whole.stateDigest)
    let file = try #require(run.configuration.data.test)
    #expect(
      try replayed.evaluate(file: file, task: run.configuration.task).overall
        == whole.after?.overall)

    // Interrupted and taken up again, it leaves the same journal.
    let out = run.folder.path("parts")
    _ = try run.run(stop: 2, out: out)
    let resumed = try run.run(resume: true, out: out)
    #expect(resumed.stateDigest == whole.stateDigest)
    #expect(try contents(of: resumed.journalPath) == contents(of: whole.journalPath))

    let header = try JournalReader(path: whole.journalPath).header
    let tensors = header.model.blocks.flatMap { $0 }
    #expect(
      tensors.allSatisfy {
        ($0.name.contains(".lora_") || $0.name.hasSuffix(".ia3_l")) && $0.dtype == .float32
      })
    #expect(header.model.blocks[0].isEmpty && !header.model.blocks[1].isEmpty)
    #expect(header.configuration["adapter"]?["base_digest"]?.string?.count == 32)
  }

  @Test(arguments: cases)
  func exportsAreTheModel(_ kind: Case) throws {
    let run = try tiny(kind)
    let model = run.configuration.model
    let result = try run.run()
    let trained = try FineTunedModel(path: model, journal: result.journalPath, threads: 1)
    let tokens: [Int32] = [3, 97, 98, 61, 121, 99]
    let adapter = run.folder.path("adapter")
    #expect(
      try trained.exportAdapter(to: adapter).sorted() == [
        "adapter_config.json", "adapter_model.safetensors",
      ])
    #expect(throws: ZorBAError.self) { try trained.exportAdapter(to: adapter) }
    if run.configuration.precision == .asCheckpoint, run.configuration.adapter?.base != .nf4 {
      let loaded = try FineTunedModel(path: model, adapter: adapter, threads: 1)
      #expect(loaded.stateDigest() == trained.stateDigest())
      #expect(try loaded.logProbabilities(of: tokens) == trained.logProbabilities(of: tokens))
    }
    let merged = run.folder.path("merged")
    try trained.export(to: merged, dtype: .float32)
    let whole = try FineTunedModel(path: merged, threads: 1)
    #expect(!whole.hasAdapter)
    let found = try whole.logProbabilities(of: tokens)
    // A base of 4 bits is folded as it is stored; one of bfloat16 is multiplied as such.
    let tolerance =
      run.configuration.adapter?.base == .nf4
      ? .infinity
      : kind.dtype == .bfloat16 || run.configuration.precision == .bfloat16 ? 0.05 : 1e-5
    for (a, b) in zip(found, try trained.logProbabilities(of: tokens)) {
      #expect(abs(a - b) <= tolerance)
    }
  }

  /// A run that goes on from another's adapter.
  @Test func aRunBeginsWithAFolder() throws {
    let first = try tiny(Self.cases[0])
    let model = first.configuration.model
    let result = try first.run()
    let folder = first.folder.path("adapter")
    try FineTunedModel(path: model, journal: result.journalPath, threads: 1)
      .exportAdapter(to: folder)
    var second = first
    second.configuration.adapter = AdapterConfiguration()
    second.configuration.adapter?.path = folder
    second.configuration.out = first.folder.path("second")
    let continued = try second.run()
    #expect(continued.before?.overall == result.after?.overall)
    let journal = continued.journalPath
    #expect(throws: ZorBAError.self) { try FineTunedModel(path: model, journal: journal) }
    let replayed = try FineTunedModel(path: model, journal: journal, adapter: folder, threads: 1)
    #expect(replayed.stateDigest() == continued.stateDigest)
    let resumed = try second.run(resume: true)
    #expect(resumed.stateDigest == continued.stateDigest)
    // What the folder says cannot be said otherwise.
    second.configuration.adapter?.rank = 5
    second.configuration.out = first.folder.path("third")
    #expect(throws: ZorBAError.self) { try second.run() }
  }

  @Test func aJournalWantsItsBase() throws {
    let run = try tiny(Self.cases[0])
    let journal = try run.run().journalPath
    var other = TinyCheckpoint()
    other.seed = 2
    let wrong = try other.write(to: run.folder, as: "other")
    let error = #expect(throws: ZorBAError.self) {
      try FineTunedModel(path: wrong, journal: journal, threads: 1)
    }
    #expect(error?.location.field == "adapter.base_digest")
    let plain = try TinyRun().run().journalPath
    #expect(throws: ZorBAError.self) {
      try FineTunedModel(path: run.configuration.model, journal: plain, adapter: "x")
    }
  }
}
