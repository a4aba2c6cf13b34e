import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBATestSupport

@testable import ZorBA

/// A client may rest for rounds; a plan may keep each of its matrices for a window of them.
@Suite struct RestingTests {
  private static let turns = [
    [[1, 0, 0], [0, 1, 1], [0, 0, 0]],
    [[0, 0, 0], [0, 0, 0], [1, 1, 1]],
  ]

  @Test(arguments: [1, 2], [1.0, 0.4])
  func whoRestsIsNotAsked(window: Int, participation: Double) throws {
    var run = try TinyRun { $0.federation.participation = participation }
    try run.plan(Self.turns, window: window)
    let result = try run.run()
    for round in result.history {
      let turn = (round.round - 1) / window % 2
      let names = Set(round.clients.map(\.name))
      #expect(names.isSubset(of: turn == 0 ? ["a", "b"] : ["c"]), "round \(round.round)")
      #expect(!names.isEmpty && round.clients.allSatisfy { $0.activeBlocks > 0 })
      if participation == 1 { #expect(names == (turn == 0 ? ["a", "b"] : ["c"])) }
    }
  }

  /// Whoever rests leaves the blocks outside the transformer alone as well.
  @Test func theJournalHasNoRowOfWhoRests() throws {
    var run = try TinyRun { $0.blocks.outer = true }
    try run.plan(Self.turns, window: 2)
    let prepared = try run.prepared()
    let record = prepared.journaledPlan
    #expect(record.window == 2)
    #expect(record.cycle.map { $0.map(\.client) } == [[1, 2], [3]])
    #expect(record.cycle[1].map(\.blocks) == [[0, 1, 2, 3]])
    #expect(try record.plan(clients: 3, blocks: 3) == prepared.plan)
  }

  @Test func aClientThatNeverTrainsIsRefused() throws {
    var run = try TinyRun()
    try run.plan([[[1, 0, 1], [0, 1, 0], [0, 0, 0]]])
    let error = #expect(throws: ZorBAError.self) { try run.prepared() }
    #expect(error?.code == .invalidConfiguration && error?.message.contains("client 3") == true)
  }

  @Test func sitesThatRestAreStillTrainedAlone() throws {
    var run = try TinyRun()
    try run.plan(Self.turns)
    var options = Simulation.Options()
    options.threads = 1
    options.comparesWithTrainingAlone = true
    #expect(
      try Simulation(run.configuration, options: options).run().alone.map(\.client)
        == ["a", "b", "c"])
  }

  /// Journals written before there were windows repeat a matrix for each of its rounds.
  @Test func aJournalThatListsRoundByRoundIsResumed() throws {
    var run = try TinyRun()
    try run.plan(Self.turns, window: 2)
    let whole = try run.run()
    let out = run.folder.path("older")
    let prepared = try run.prepared()
    let plan = prepared.journaledPlan
    let folder = RunFolder(path: out)
    try run.folder.write("", to: "older/log.jsonl")
    do {
      let writer = try JournalWriter.create(at: folder.journal, header: prepared.journalHeader)
      let cycle = plan.cycle.flatMap { Array(repeating: $0, count: Int(plan.window)) }
      try writer.append(.plan(PlanRecord(firstRound: 1, cycle: cycle)))
    }
    let result = try run.run(resume: true, out: out)
    #expect(result.stateDigest == whole.stateDigest)
    #expect(result.activeShare == whole.activeShare)
  }

  @Test func plansOfOtherFederationsAreRefused() throws {
    let cycle: [[PlanRecord.Row]] = [[.init(client: 1, blocks: [1])]]
    let faults: [PlanRecord] = [
      PlanRecord(firstRound: 1, cycle: [[.init(client: 4, blocks: [1])]]),
      PlanRecord(firstRound: 1, cycle: [[.init(client: 1, blocks: [4])]]),
      PlanRecord(firstRound: 1, cycle: [[.init(client: 1, blocks: [0])]]),
      PlanRecord(firstRound: .max, cycle: cycle),
      PlanRecord(firstRound: 1, cycle: cycle + [[]]),
    ]
    for record in faults {
      let error = #expect(throws: ZorBAError.self) { try record.plan(clients: 3, blocks: 3) }
      #expect(error?.code == .invalidJournal)
    }
    let wide = PlanRecord(firstRound: 1, cycle: cycle)
    #expect(throws: ZorBAError.self) { try wide.plan(clients: 1 << 20, blocks: 1 << 20) }
    #expect(throws: Never.self) { try wide.plan(clients: 3, blocks: 3) }
  }

  /// Any plan comes back from the journal as it was, whatever rests.
  @Test func plansComeBackFromTheirRecords() throws {
    var random = SeededGenerator(seed: 77)
    for _ in 0..<400 {
      let (clients, blocks) = (
        Int.random(in: 1...5, using: &random), Int.random(in: 1...6, using: &random)
      )
      let cycle = try (0..<Int.random(in: 2...4, using: &random)).map { _ in
        var rows = (0..<clients).map { _ in
          (0..<blocks).map { _ in Int.random(in: 0...2, using: &random) == 0 }
        }
        rows[Int.random(in: 0..<clients, using: &random)][0] = true
        return try ActivationMatrix(rows: rows, mayRest: true)
      }
      let plan = ActivationPlan(
        cycle: cycle, window: Int.random(in: 1...9, using: &random),
        firstRound: Int.random(in: 1...99, using: &random))
      let record = PlanRecord(plan, outer: Bool.random(using: &random))
      #expect(try record.plan(clients: clients, blocks: blocks) == plan)
    }
  }
}
