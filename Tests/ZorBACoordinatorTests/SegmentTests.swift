import Foundation
import Testing
import ZorBA
import ZorBAJSON
import ZorBASite
import ZorBATestSupport
import ZorBAWire

@testable import ZorBACoordinator

/// Figures by segment over the network: those of a simulation, unless somebody keeps them.
@Suite(.serialized, .timeLimit(.minutes(2))) struct SegmentTests {
  /// Every site's rows: eight each of three segments.
  private static func rows(_ number: Int) -> String {
    LoopbackFederation.rows(24, seed: UInt64(40 + number)).split(separator: "\n").enumerated()
      .map { index, row in row.dropLast() + ", \"group\": \"\(["a", "b", "c"][index / 8])\"}\n" }
      .joined()
  }

  private static func federation(
    _ rows: TemporaryFolder, change: (inout RunConfiguration) -> Void = { _ in }
  ) throws -> LoopbackFederation {
    let all = try rows.write((1...3).map { Self.rows($0) }.joined(), to: "all.jsonl")
    for number in 1...3 { try rows.write(Self.rows(number), to: "\(number).jsonl") }
    return try LoopbackFederation {
      $0.data.test = all
      $0.rounds = 2
      $0.fairness = FairnessConfiguration()
      $0.fairness?.segment = "group"
      $0.fairness?.minimumCount = 3
      change(&$0)
    }
  }

  /// Runs the federation to its end.
  ///
  /// - Returns: The evaluations that the coordinator made of its sites', by round, and its result.
  private static func run(
    _ federation: LoopbackFederation, _ rows: TemporaryFolder, policies: [String],
    relayed: @escaping @Sendable (Int, inout Zorba_V1_Evaluation) -> Void = { _, _ in }
  ) async throws -> (evaluations: [Int: Evaluation], result: RunResult, warnings: [String]) {
    let coordinator = try await federation.coordinator()
    var agents: [AgentUnderTest] = []
    for (index, policy) in policies.enumerated() {
      let test = rows.path("\(index + 1).jsonl")
      agents.append(
        try await federation.agent(
          index + 1, settings: ["data: {train: train.jsonl, test: \"\(test)\"}"],
          policy: ["evaluation": policy]
        ) {
          $0.relay = { message in
            var message = message
            if case .evaluation(var evaluation) = message.kind {
              relayed(index, &evaluation)
              message.evaluation = evaluation
            }
            return [message]
          }
        })
    }
    for agent in agents { _ = try await agent.outcome }
    let result = try await coordinator.coordinator.run(named: "trial").result
    let warnings = coordinator.warnings()
    var evaluations: [Int: Evaluation] = [:]
    for notice in coordinator.notices.all {
      if case .evaluated(_, let evaluation, let round) = notice { evaluations[round] = evaluation }
    }
    try await coordinator.end()
    return (evaluations, result, warnings)
  }

  private static let telling =
    "{allowed: true, minimum_examples: 1, segments: true, segment_columns: [group]}"

  /// Where nothing is hidden, pooled figures are those of all rows, but for macro-F1, which is no mean
  /// over rows.
  @Test func pooledSegmentsAreThoseOfASimulation() async throws {
    let rows = try TemporaryFolder()
    let federation = try Self.federation(rows)
    let simulated = try federation.simulate()
    let outcome = try await Self.run(
      federation, rows, policies: Array(repeating: Self.telling, count: 3))
    for (round, expected) in [(0, simulated.before), (2, simulated.after)] {
      let expected = try #require(expected?.perSegment)
      let pooled = try #require(outcome.evaluations[round]?.perSegment)
      #expect(expected.told.map(\.name) == ["a", "b", "c"])
      #expect(pooled.rows.map(\.name) == expected.rows.map(\.name))
      #expect(pooled.told.count == 3)
      for (pooled, expected) in zip(pooled.told, expected.told) {
        #expect(pooled.figures.examples == 24 && expected.figures.examples == 24)
        #expect(abs(pooled.figures.loss - expected.figures.loss) < 1e-9)
        let (one, other) = (pooled.figures.accuracy, expected.figures.accuracy)
        #expect(abs((one ?? -1) - (other ?? -2)) < 1e-12)
      }
    }
    #expect(outcome.result.after?.perSegment == outcome.evaluations[2]?.perSegment)
    #expect(
      outcome.result.json["fairness"]?["segments"]?["worst"]?["name"]?.string
        == simulated.json["fairness"]?["segments"]?["worst"]?["name"]?.string)
    let metrics = String(
      decoding: try contents(of: federation.folder.path("trial/metrics.jsonl")), as: UTF8.self)
    #expect(metrics.contains("\"per_segment\""))
  }

  /// A policy that says nothing of segments, or lists other columns, tells none; its minimum hides
  /// segments before they leave.
  @Test(arguments: [
    "{allowed: true, minimum_examples: 1}",
    "{allowed: true, minimum_examples: 1, segments: true, segment_columns: [label, text]}",
  ])
  func theSiteDecides(_ silent: String) async throws {
    let rows = try TemporaryFolder()
    let federation = try Self.federation(rows)
    let outcome = try await Self.run(
      federation, rows,
      policies: [
        Self.telling,
        "{allowed: true, minimum_examples: 9, segments: true, segment_columns: any}",
        silent,
      ])
    let pooled = try #require(outcome.evaluations[2])
    #expect(pooled.overall.examples == 72)
    #expect(pooled.perSegment?.told.map(\.figures.examples) == [8, 8, 8])
    for (number, tells) in [(1, true), (2, false), (3, false)] {
      let log = String(
        decoding: try contents(of: federation.folder.path("ward-\(number)/state/sent.jsonl")),
        as: UTF8.self)
      #expect(log.contains("\"macro_f1\""))
      #expect(log.contains("\"segments\"") == tells)
    }
  }

  /// What a site sends against the rules is hidden, or left out by name.
  @Test func sitesThatDoNotKeepToTheRules() async throws {
    let rows = try TemporaryFolder()
    let federation = try Self.federation(rows)
    func table(_ counts: [String: Int]) -> Data {
      let cells = counts.sorted { $0.key < $1.key }.map {
        #""\#($0.key)": {"accuracy": 0.5, "macro_f1": null, "loss": 1, "examples": \#($0.value)}"#
      }
      return Data("{\(cells.joined(separator: ", "))}".utf8)
    }
    let sent = [
      table(["a": 1, "b": 8, "c": 9]), table(["a": 8, "b": 8, "c": 9]), Data("[1]".utf8),
    ]
    let outcome = try await Self.run(
      federation, rows, policies: Array(repeating: Self.telling, count: 3)
    ) { $1.segments = sent[$0] }
    let pooled = try #require(outcome.evaluations[2]?.perSegment)
    // One row of 'a' would be the rows less the others': the smaller of those goes too.
    #expect(pooled.rows.map(\.name) == ["a", "b", "c"])
    #expect(pooled.told.map(\.name) == ["c"])
    #expect(pooled.told.map(\.figures.examples) == [9])
    #expect(outcome.warnings.contains { $0.contains("ward-2") && $0.contains("25 rows") })
    #expect(outcome.warnings.contains { $0.contains("ward-3") })
    #expect(!outcome.warnings.contains { $0.contains("ward-1") })
  }

  /// A run that names no segments is told of none, and keeps none that come all the same.
  @Test func nobodyAsked() async throws {
    let rows = try TemporaryFolder()
    let federation = try Self.federation(rows) { $0.fairness = nil }
    let outcome = try await Self.run(
      federation, rows, policies: Array(repeating: Self.telling, count: 3)
    ) { number, evaluation in
      if number == 0 {
        evaluation.segments = Data(
          #"{"a": {"accuracy": null, "macro_f1": null, "loss": 1, "examples": 9}}"#.utf8)
      } else if !evaluation.segments.isEmpty {
        Issue.record("segments that nobody asked for")
      }
    }
    #expect(outcome.evaluations.count == 2)
    #expect(outcome.evaluations.allSatisfy { $0.value.perSegment == nil })
  }
}
