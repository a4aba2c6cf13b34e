import Testing
import ZorBA
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJSON
import ZorBATensor

/// A fine-tuned model that is exported and opened again is the same model.
@Suite struct ExportTests {
  struct Layout: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var checkpoint: TinyCheckpoint
  }

  static let layouts = [
    Layout(testDescription: "llama, tied", checkpoint: TinyCheckpoint()),
    Layout(testDescription: "llama, head of its own", checkpoint: TinyCheckpoint(tiedHead: false)),
    Layout(
      testDescription: "llama, no prefix, head stored twice",
      checkpoint: TinyCheckpoint(storesHeadTwice: true, hasPrefix: false)),
    Layout(
      testDescription: "llama, bfloat16, three shards, head stored twice",
      checkpoint: TinyCheckpoint(dtype: .bfloat16, storesHeadTwice: true, shards: 3)),
    Layout(
      testDescription: "opt, two shards, no prefix",
      checkpoint: TinyCheckpoint(family: .opt, hasPrefix: false, shards: 2)),
    Layout(
      testDescription: "opt, float16, head stored twice",
      checkpoint: TinyCheckpoint(family: .opt, dtype: .float16, storesHeadTwice: true)),
  ]

  private func tuned(
    _ checkpoint: TinyCheckpoint, precision: WeightPrecision = .asCheckpoint
  ) throws -> (run: TinyRun, model: FineTunedModel) {
    let run = try TinyRun(checkpoint) {
      $0.blocks.outer = true
      $0.precision = precision
    }
    let result = try run.run()
    let model = try FineTunedModel(
      path: run.configuration.model, journal: result.journalPath, threads: 1)
    #expect(model.stateDigest() == result.stateDigest)
    return (run, model)
  }

  @Test(arguments: layouts)
  func anExportIsTheModel(_ layout: Layout) throws {
    let (run, model) = try tuned(layout.checkpoint)
    let target = run.folder.path("exported")
    let files = try model.export(to: target)
    #expect(try names(in: target) == files.sorted())
    let base = try Checkpoint.open(directory: run.configuration.model)
    let copy = try Checkpoint.open(directory: target)
    #expect(copy.shards.map(\.fileName) == base.shards.map(\.fileName))
    #expect(copy.shards.count == layout.checkpoint.shards)
    for (left, right) in zip(copy.shards, base.shards) {
      #expect(left.entries.map(\.name) == right.entries.map(\.name))
      #expect(left.entries.map(\.shape) == right.entries.map(\.shape))
      #expect(left.entries.map(\.element) == right.entries.map(\.element))
    }
    let opened = try FineTunedModel(path: target, threads: 1)
    #expect(opened.stateDigest() == model.stateDigest())
    #expect(
      try opened.logProbabilities(of: [1, 2, 3, 4]) == model.logProbabilities(of: [1, 2, 3, 4]))
  }

  /// A second copy of a tied head follows the embedding: other software may prefer it.
  @Test(arguments: layouts.filter(\.checkpoint.storesHeadTwice))
  func aHeadStoredTwiceFollowsTheEmbedding(_ layout: Layout) throws {
    let (run, model) = try tuned(layout.checkpoint)
    try model.export(to: run.folder.path("exported"))
    let base = try Checkpoint.open(directory: run.configuration.model)
    let copy = try Checkpoint.open(directory: run.folder.path("exported"))
    let embedding = try #require(base.tensorNames.first { $0.hasSuffix("embed_tokens.weight") })
    let head = storedBytes(try copy.tensor(named: "lm_head.weight"))
    #expect(try head == storedBytes(copy.tensor(named: embedding)))
    #expect(try head != storedBytes(base.tensor(named: embedding)))
  }

  /// Trained in bfloat16 from a binary32 base, stored as trained or widened: no bit is lost.
  @Test func anExportKeepsOrWidensTheTrainedType() throws {
    let (run, model) = try tuned(TinyCheckpoint(), precision: .bfloat16)
    let kept = run.folder.path("kept")
    let wide = run.folder.path("wide")
    try model.export(to: kept)
    try model.export(to: wide, dtype: .float32)
    #expect(try FineTunedModel(path: kept, threads: 1).stateDigest() == model.stateDigest())
    #expect(try FineTunedModel(path: wide, threads: 1).stateDigest() != model.stateDigest())
    let again = run.folder.path("again")
    try FineTunedModel(path: wide, threads: 1).export(to: again, dtype: .bfloat16)
    #expect(try FineTunedModel(path: again, threads: 1).stateDigest() == model.stateDigest())
    for (path, dtype) in [(kept, DType.bfloat16), (wide, .float32), (again, .bfloat16)] {
      let checkpoint = try Checkpoint.open(directory: path)
      let listed = checkpoint.configuration["torch_dtype"] ?? checkpoint.configuration["dtype"]
      #expect(listed?.string == dtype.rawValue)
      for name in checkpoint.floatingPointNames {
        #expect(try checkpoint.tensor(named: name).dtype == dtype)
      }
    }
  }

  /// A base model that is exported untouched keeps every byte of its weights.
  @Test(arguments: layouts)
  func anUntouchedModelKeepsItsBytes(_ layout: Layout) throws {
    let folder = try TemporaryFolder()
    let path = try layout.checkpoint.write(to: folder)
    try FineTunedModel(path: path, threads: 1).export(to: folder.path("exported"))
    let base = try Checkpoint.open(directory: path)
    let copy = try Checkpoint.open(directory: folder.path("exported"))
    #expect(base.tensorNames == copy.tensorNames)
    for name in base.tensorNames {
      let (left, right) = (try base.tensor(named: name), try copy.tensor(named: name))
      #expect(storedBytes(left) == storedBytes(right), "\(name)")
    }
  }

  @Test func whatIsThereIsNotOverwritten() throws {
    let folder = try TemporaryFolder()
    let path = try TinyCheckpoint().write(to: folder)
    let model = try FineTunedModel(path: path, threads: 1)
    for overwrite in [false, true] {
      let error = #expect(throws: ZorBAError.self) {
        try model.export(to: path, overwrite: overwrite)
      }
      #expect(error?.code == .refused)
    }
    try folder.write("mine", to: "taken/notes.txt")
    let taken = folder.path("taken")
    let error = #expect(throws: ZorBAError.self) { try model.export(to: taken) }
    #expect(error?.code == .refused && error?.location.file == taken)
    #expect(try names(in: taken) == ["notes.txt"])
    try model.export(to: taken, overwrite: true)
    #expect(try FineTunedModel(path: taken, threads: 1).stateDigest() == model.stateDigest())
    #expect(try FineTunedModel(path: path, threads: 1).stateDigest() == model.stateDigest())
    #expect(try contents(of: taken + "/notes.txt") == Array("mine".utf8))
  }

  /// An overwritten export leaves no shard of the one before behind.
  @Test func anExportReplacesAnotherLayout() throws {
    let folder = try TemporaryFolder()
    let sharded = try TinyCheckpoint(shards: 3).write(to: folder, as: "sharded")
    let single = try TinyCheckpoint(seed: 9).write(to: folder, as: "single")
    let target = folder.path("exported")
    for path in [sharded, single, sharded] {
      let model = try FineTunedModel(path: path, threads: 1)
      let files = try model.export(to: target, overwrite: true)
      #expect(try names(in: target) == files.sorted())
      #expect(try FineTunedModel(path: target, threads: 1).stateDigest() == model.stateDigest())
    }
  }
}
