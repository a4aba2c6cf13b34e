import Testing
import ZorBADiagnostics
import ZorBAOptimization

@testable import ZorBA

/// Plan files come from people and planners; what is wrong with one is an error that says so.
@Suite struct PlanFileTests {
  private func refusal(of plan: String, clients: Int = 2, blocks: Int = 3) throws -> ZorBAError {
    let folder = try TemporaryFolder()
    var run = RunConfiguration(model: "m", data: DataFiles(train: ["t"]))
    run.blocks.plan = .file(try folder.write(plan, to: "plan.json"))
    run.blocks.minClients = 0
    let configuration = run
    return try #require(throws: ZorBAError.self) {
      try PlanDrawing.plan(
        configuration, clients: clients, blocks: blocks, runKey: .init(seed: 1))
    }
  }

  @Test func anOddRowIsTheOneThatIsNamed() throws {
    let error = try refusal(of: #"{"matrix": [[1, 0, 1], [1, 0]]}"#)
    #expect(error.code == .invalidConfiguration)
    #expect(error.message.contains("one of 2 blocks"))
  }

  @Test(arguments: ["\"3\"", "1.5", "0", "-1", "null", "[]"])
  func aWindowIsAWholeNumberOfRounds(_ window: String) throws {
    let error = try refusal(of: #"{"matrix": [[1, 0, 1], [1, 1, 1]], "window": \#(window)}"#)
    #expect(error.code == .invalidConfiguration && error.location.field == "window")
  }

  /// The journal lists a cycle round by round, so it must not be laid out before it is measured.
  @Test(arguments: [1 << 20, 1_000_000_000_000, Int.max])
  func aCycleThatNoJournalHoldsIsRefused(_ window: Int) throws {
    let matrix = "[[1, 0, 1], [1, 1, 1]]"
    let error = try refusal(of: #"{"cycle": [\#(matrix), \#(matrix)], "window": \#(window)}"#)
    #expect(error.code == .invalidConfiguration && error.location.field == "blocks.rotate_every")
  }
}
