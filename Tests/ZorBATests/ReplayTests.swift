import Testing
import ZorBA
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJournal
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

/// A base model and a journal are the fine-tuned model.
@Suite struct ReplayTests {
  @Test(arguments: [DType.float32, .bfloat16], SeedingMode.allCases)
  func aReplayEndsInTheRunsDigest(dtype: DType, seeding: SeedingMode) throws {
    var checkpoint = TinyCheckpoint()
    checkpoint.dtype = dtype
    let run = try TinyRun(checkpoint) {
      $0.method.seeding = seeding
      $0.method.localSteps = 2
      $0.blocks.plan = .random
    }
    let result = try run.run()
    let path = run.configuration.model
    let journal = result.journalPath
    for threads in [1, 3] {
      let model = try FineTunedModel(path: path, journal: journal, threads: threads)
      #expect(model.round == 6 && model.stateDigest() == result.stateDigest)
    }
    for round in 0...6 {
      let part = try run.run(stop: round, out: run.folder.path("part-\(round)"))
      let model = try FineTunedModel(path: path, journal: journal, round: round, threads: 1)
      #expect(model.round == round && model.stateDigest() == part.stateDigest)
    }
    let base = try FineTunedModel(path: path, threads: 1)
    #expect(base.round == 0)
    #expect(
      try base.stateDigest()
        == FineTunedModel(path: path, journal: journal, round: 0, threads: 1).stateDigest())
  }

  /// The trained model behaves as the run said it does.
  @Test func theReplayedModelEvaluatesAsTheRunDid() throws {
    let run = try TinyRun()
    let result = try run.run()
    let file = try #require(run.configuration.data.test)
    let tuned = try FineTunedModel(
      path: run.configuration.model, journal: result.journalPath, threads: 1)
    #expect(
      try tuned.evaluate(file: file, task: run.configuration.task).overall
        == result.after?.overall)
    let base = try FineTunedModel(path: run.configuration.model, threads: 1)
    #expect(
      try base.evaluate(file: file, task: run.configuration.task).overall
        == result.before?.overall)
    #expect(result.before?.overall != result.after?.overall)
  }

  private func code(
    _ body: () throws -> some Any, sourceLocation: SourceLocation = #_sourceLocation
  ) -> ZorBAError.Code? {
    #expect(throws: ZorBAError.self, sourceLocation: sourceLocation) { _ = try body() }?.code
  }

  @Test func anotherBaseModelIsRefused() throws {
    let run = try TinyRun()
    let journal = try run.run().journalPath
    let other = try TinyCheckpoint(seed: 2).write(to: run.folder, as: "other")
    #expect(code { try FineTunedModel(path: other, journal: journal) } == .invalidJournal)
    let shallow = try TinyCheckpoint(layers: 2).write(to: run.folder, as: "shallow")
    #expect(code { try FineTunedModel(path: shallow, journal: journal) } == .invalidJournal)
    let family = try TinyCheckpoint(family: .opt).write(to: run.folder, as: "family")
    #expect(code { try FineTunedModel(path: family, journal: journal) } == .invalidJournal)
    let missing = run.folder.path("missing")
    #expect(code { try FineTunedModel(path: missing, journal: journal) } == .inputOutput)
  }

  @Test func roundsThatAreNotThereAreRefused() throws {
    let run = try TinyRun()
    let journal = try run.run().journalPath
    let path = run.configuration.model
    #expect(code { try FineTunedModel(path: path, journal: journal, round: 7) } == .invalidJournal)
    #expect(
      code { try FineTunedModel(path: path, journal: journal, round: -1) } == .invalidConfiguration)
    #expect(code { try FineTunedModel(path: path, round: 3) } == .invalidConfiguration)
    #expect(
      code { try FineTunedModel(path: path, journal: run.folder.path("none")) } == .inputOutput)
  }

  @Test func anotherRunInTheFolderIsRefused() throws {
    var run = try TinyRun()
    _ = try run.run(stop: 2)
    #expect(code { try run.run() } == .invalidConfiguration)
    let changes: [(inout RunConfiguration) -> Void] = [
      { $0.seed += 1 }, { $0.method.seeding = .perClient }, { $0.method.mu *= 2 },
      { $0.precision = .bfloat16 }, { $0.method.perturbation = .rademacher },
      { $0.rounds += 1 },
    ]
    let original = run.configuration
    for change in changes {
      change(&run.configuration)
      #expect(code { try run.run(resume: true) } == .invalidConfiguration)
      run.configuration = original
    }
    #expect(
      code { try run.run(resume: true, out: run.folder.path("empty")) } == .invalidConfiguration)
    #expect(try run.run(resume: true).rounds == 6)
  }

  /// Every damage inside the journal is found; only a shorter journal can still be used.
  @Test func damagedJournalsAreRefused() throws {
    let run = try TinyRun()
    let result = try run.run()
    let journal = try contents(of: result.journalPath)
    var random = SeededGenerator(seed: 6)
    for trial in 0..<60 {
      var bytes = journal
      let place = Int.random(in: 0..<bytes.count, using: &random)
      bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      let path = try run.folder.write(bytes, to: "damaged-\(trial)")
      #expect(
        code { try FineTunedModel(path: run.configuration.model, journal: path, threads: 1) }
          == .invalidJournal, "byte \(place)")
    }
  }

  /// A journal whose rounds are whole but do not lead to the digest that it carries.
  @Test func aDigestThatDisagreesIsFound() throws {
    let run = try TinyRun()
    let result = try run.run(stop: 3)
    let writer = try JournalWriter.resume(at: result.journalPath)
    let wrong = Digest128(prefixOf: Array(repeating: 1, count: 16))
    let checkpoint = DigestCheckpoint(round: 3, entries: [.init(block: 2, digest: wrong)])
    try writer.append(.digest(checkpoint))
    #expect(
      code { try FineTunedModel(path: run.configuration.model, journal: result.journalPath) }
        == .invalidJournal)
  }

  /// Round numbers come from a file; the largest one is applied like any other.
  @Test func roundNumbersOfAnySizeAreSurvived() throws {
    let run = try TinyRun()
    let journal = try run.run(stop: 2).journalPath
    let writer = try JournalWriter.resume(at: journal)
    let round = try CommittedRound(
      number: .max, learningRate: 1, directions: 1, participants: [1],
      coefficients: .shared([.init(block: 1, values: [1])]))
    try writer.append(.round(round))
    let path = run.configuration.model
    let early = try FineTunedModel(path: path, journal: journal, round: 2, threads: 1)
    let late = try FineTunedModel(path: path, journal: journal, threads: 1)
    #expect(late.round == Int.max && late.stateDigest() != early.stateDigest())
    _ = try Inspection(path: journal)
  }
}
