import Testing
import ZorBA
import ZorBADiagnostics
import ZorBAJournal
import ZorBAOptimization
import ZorBATensor

/// What a run does about losses and scalars that make no sense.
@Suite struct DivergenceTests {
  /// A model that no text with a `Z` survives; site `b` writes of little else.
  private func poisoned(_ action: DivergenceGuard.Policy, rounds: Int = 6) throws -> TinyRun {
    let run = try TinyRun(TinyCheckpoint(poisonedByte: UInt8(ascii: "Z"))) {
      $0.guardrail.action = action
      $0.data.validation = nil
      $0.data.test = nil
      $0.rounds = rounds
    }
    let rows = TinyRun.rows(12, seed: 1).split(separator: "\n").map { row in
      row.contains("\"site\": \"b\"")
        ? String(row).replacing("\"text\": \"", with: "\"text\": \"Z") : String(row)
    }
    #expect(rows.count { $0.contains("Z") } == 4)
    try run.folder.write(rows.joined(separator: "\n") + "\n", to: "train.jsonl")
    return run
  }

  @Test func stoppingCommitsNothing() throws {
    let run = try poisoned(.stop)
    for resume in [false, true, true] {
      let error = #expect(throws: ZorBAError.self) { try run.run(resume: resume) }
      #expect(error?.code == .diverged)
      #expect(error?.message.contains("client 2") == true && error?.advice != nil)
      let reader = try JournalReader(path: RunFolder(path: run.configuration.out).journal)
      #expect(try reader.nextRounds().isEmpty && reader.tornByteCount == 0)
    }
  }

  /// Rounds before the one that diverges stay, and can be used.
  @Test func stoppingKeepsWhatWasCommitted() throws {
    var run = try poisoned(.stop, rounds: 40)
    run.configuration.federation.participation = 0.3
    #expect(throws: ZorBAError.self) { try run.run() }
    let folder = RunFolder(path: run.configuration.out)
    let rounds = try JournalReader(path: folder.journal).nextRounds()
    #expect(!rounds.isEmpty && rounds.count < 40)
    #expect(rounds.allSatisfy { !$0.participants.contains(2) })
    let model = try FineTunedModel(path: run.configuration.model, journal: folder.journal)
    #expect(model.round == rounds.count)
  }

  @Test(arguments: [1, 3])
  func skippingLeavesTheClientOut(_ steps: Int) throws {
    var run = try poisoned(.skip)
    run.configuration.method.localSteps = steps
    let result = try run.run()
    #expect(result.rounds == 6 && !result.isIncomplete)
    #expect(result.history.allSatisfy { $0.clients.map(\.name) == ["a", "c"] })
    #expect(
      result.warnings.count == 6 && result.warnings.allSatisfy { $0.contains("b is left out") })
    let rounds = try JournalReader(path: result.journalPath).nextRounds()
    #expect(rounds.map(\.participants) == Array(repeating: [1, 3], count: 6))
    let model = try FineTunedModel(path: run.configuration.model, journal: result.journalPath)
    #expect(model.stateDigest() == result.stateDigest)
  }

  @Test func aRoundWithoutAnyAnswerEndsTheRun() throws {
    var run = try poisoned(.skip)
    run.configuration.federation.partition = .uniform
    run.configuration.federation.clients = 1
    run.configuration.batch.size = 12
    let error = #expect(throws: ZorBAError.self) { try run.run() }
    #expect(error?.code == .diverged)
    let path = RunFolder(path: run.configuration.out).journal
    #expect(try JournalReader(path: path).nextRounds().isEmpty)
  }

  /// What a guard learnt from answers that it left out decides about later ones, also when the run was
  /// interrupted in between.
  @Test func aResumedGuardJudgesAlike() throws {
    var interruptions = 0
    for seed: UInt64 in 1...4 {
      let run = try TinyRun {
        $0.guardrail.action = .skip
        $0.guardrail.factor = 3.01
        $0.method.directions = 4
        $0.method.perturbation = .rademacher
        $0.rounds = 30
        $0.evaluate.every = 0
        $0.seed = seed
      }
      let result = try run.run()
      let whole = try RunTrace(result, out: run.configuration.out)
      interruptions += result.warnings.count
      for stop in stride(from: 4, to: 30, by: 5) {
        let out = run.folder.path("part-\(stop)")
        _ = try run.run(stop: stop, out: out)
        #expect(try RunTrace(run.run(resume: true, out: out), out: out) == whole, "at \(stop)")
      }
    }
    #expect(interruptions > 4)
  }
}
