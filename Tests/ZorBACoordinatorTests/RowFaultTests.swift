import Testing
import ZorBA
import ZorBADiagnostics
import ZorBASite

@testable import ZorBACoordinator

/// A row that cannot be used is named by its place: what it holds is for the eyes of its owner.
@Suite(.timeLimit(.minutes(2))) struct RowFaultTests {
  private static let secret = "Jane Example was admitted"

  private static let rows = [
    // A label that the run does not know.
    #"{"text": "abcdef", "label": "\#(secret)"}"#,
    // What was a text stands where a key should.
    #"{"text": "he", "\#(secret)", "label": "good"}"#,
    #"{"text": "he", "label": "good", "\#(secret)": 1, "\#(secret)": 2}"#,
  ]

  @Test(arguments: rows)
  func anAgentNamesTheLineAndADryRunSaysWhatItHolds(row: String) async throws {
    let federation = try LoopbackFederation(sites: 2)
    let rows = LoopbackFederation.rows(5, seed: 10) + row + "\n"
    try federation.folder.write(rows, to: "ward-1/train.jsonl")
    let coordinator = try await federation.coordinator()
    let agent = try await federation.agent(1)
    let error = try #require(await agent.failure)
    #expect(error.code == .invalidData && error.location.line == 6)
    #expect(error.location.file?.hasSuffix("train.jsonl") == true)
    let said = ["\(error)"] + agent.warnings + coordinator.warnings()
    #expect(!said.contains { $0.contains(Self.secret) })

    let configuration = try await federation.configuration(1)
    let shown = #expect(throws: ZorBAError.self) {
      _ = try Rehearsal(configuration, run: federation.coordinated, named: "trial", threads: 1)
    }
    #expect(shown.map { "\($0)".contains(Self.secret) } == true)
    try await coordinator.end()
  }
}
