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
      let shape = PlanShape(
        names: (0..<clients).map { "s\($0)" }, weights: Array(repeating: 1, count: clients),
        parameters: Array(repeating: 1, count: blocks),
        blockBytes: Array(repeating: 4, count: blocks))
      _ = try PlanDrawing(
        configuration, shape: shape, runKey: .init(seed: 1),
        estimates: .sizes(configuration, shape)
      ).outcome()
    }
  }

  @Test func anOddRowIsTheOneThatIsNamed() throws {
    let error = try refusal(of: #"{"matrix": [[1, 0, 1], [1, 0]]}"#)
    #expect(error.code == .invalidConfiguration)
    #expect(error.message.contains("one of 2 blocks"))
  }

  @Test(arguments: ["\"3\"", "1.5", "0", "-1", "null", "[]", "1000000001", "9223372036854775807"])
  func aWindowIsAWholeNumberOfRounds(_ window: String) throws {
    let error = try refusal(of: #"{"matrix": [[1, 0, 1], [1, 1, 1]], "window": \#(window)}"#)
    #expect(error.code == .invalidConfiguration && error.location.field == "window")
  }

  @Test func aCycleThatNoJournalHoldsIsRefused() throws {
    let row = "[" + Array(repeating: "1", count: 1024).joined(separator: ", ") + "]"
    let matrix = "[" + Array(repeating: row, count: 64).joined(separator: ", ") + "]"
    let cycle = Array(repeating: matrix, count: 16).joined(separator: ", ")
    let error = try refusal(of: #"{"cycle": [\#(cycle)]}"#, clients: 64, blocks: 1024)
    #expect(error.code == .invalidConfiguration && error.location.field == "blocks.plan")
  }
}
