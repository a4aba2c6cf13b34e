import SwiftProtobuf
import Synchronization
import Testing
import ZorBA
import ZorBASite
import ZorBAWire

@testable import ZorBACoordinator

/// Figures by segment carry no noise, so under differential privacy there are none: not from a site whose
/// policy would tell them, not in a simulation.
@Suite(.serialized, .timeLimit(.minutes(2))) struct PrivateSegmentTests {
  private static func rows(_ number: Int) -> String {
    LoopbackFederation.rows(24, seed: UInt64(60 + number)).split(separator: "\n").enumerated()
      .map { index, row in row.dropLast() + ", \"group\": \"\(["a", "b"][index / 12])\"}\n" }
      .joined()
  }

  @Test(arguments: [nil, DifferentialPrivacyConfiguration(epsilon: 4)])
  func segmentsAreNotTold(_ privacy: DifferentialPrivacyConfiguration?) async throws {
    let rows = try TemporaryFolder()
    let all = try rows.write((1...3).map { Self.rows($0) }.joined(), to: "all.jsonl")
    let federation = try LoopbackFederation {
      $0.data.test = all
      $0.rounds = 2
      $0.evaluate.every = 1
      $0.fairness = FairnessConfiguration()
      $0.fairness?.segment = "group"
      $0.fairness?.minimumCount = 3
      $0.differentialPrivacy = privacy
    }
    let tells = privacy == nil
    let simulated = try federation.simulate()
    for evaluation in [simulated.before, simulated.after] + simulated.evaluations.map(\.evaluation)
    {
      let evaluation = try #require(evaluation)
      #expect((evaluation.perSegment != nil) == tells)
    }
    #expect(simulated.jsonText.contains("\"per_segment\"") == tells)
    let coordinator = try await federation.coordinator()
    let sent = Mutex<[Zorba_V1_Evaluation]>([])
    var agents: [AgentUnderTest] = []
    for number in 1...3 {
      let test = try rows.write(Self.rows(number), to: "\(number).jsonl")
      agents.append(
        try await federation.agent(
          number, settings: ["data: {train: train.jsonl, test: \"\(test)\"}"],
          policy: [
            "evaluation":
              "{allowed: true, minimum_examples: 1, segments: true, segment_columns: [group]}"
          ]
        ) {
          $0.relay = { message in
            if case .evaluation(let evaluation) = message.kind {
              sent.withLock { $0.append(evaluation) }
            }
            return [message]
          }
        })
    }
    for agent in agents { _ = try await agent.outcome }
    let evaluations = sent.withLock { $0 }
    #expect(evaluations.count >= 6 && evaluations.allSatisfy { $0.examples == 24 })
    #expect(evaluations.allSatisfy { $0.segments.isEmpty != tells })
    for number in 1...3 {
      let log = String(
        decoding: try contents(of: federation.folder.path("ward-\(number)/state/sent.jsonl")),
        as: UTF8.self)
      #expect(log.contains("\"segments\"") == tells)
    }
    let result = try await coordinator.coordinator.run(named: "trial").result
    #expect((result.after?.perSegment != nil) == tells)
    let metrics = String(
      decoding: try contents(of: federation.folder.path("trial/metrics.jsonl")), as: UTF8.self)
    #expect(metrics.contains("\"per_segment\"") == tells)
    try await coordinator.end()
  }
}
