import SwiftProtobuf
import Synchronization
import Testing
import ZorBA
import ZorBAData
import ZorBADiagnostics
import ZorBAFederation
import ZorBAModels
import ZorBASite
import ZorBAWire

@testable import ZorBACoordinator

/// Why a site does not answer is told by a code; its texts stay with it.
@Suite(.serialized, .timeLimit(.minutes(2))) struct DeclineTests {
  /// What an error of a site can carry: where its files are and what stands in its rows.
  private static let secrets = ["/srv/hospital/patients.jsonl", "patient 4711", "keep it dry"]

  /// Fails as rows that cannot be used do, with everything in the error.
  private final class FailingGradients: GradientSource {
    let gradients: [UnsafeMutableBufferPointer<Float>] = []

    func gradient(
      of examples: [EncodedExample], parts: Int, dropoutSeed: UInt64
    ) throws -> (loss: Double, weight: Double) {
      throw ZorBAError(
        .invalidData, "the row '\(secrets[1])' cannot be used",
        at: .init(file: secrets[0], line: 3), advice: secrets[2])
    }
  }

  @Test func codesAreThoseOfTheWire() {
    #expect(
      Set(Zorba_V1_Declined.Cause.allCases.map(\.rawValue))
        == Set(DeclineCause.allCases.map(\.rawValue)))
    #expect(Set(DeclineCause.allCases.map(\.sentence)).count == DeclineCause.allCases.count)
    for cause in DeclineCause.allCases {
      #expect(Zorba_V1_Declined.Cause(rawValue: cause.rawValue).map { "\($0)" } == "\(cause)")
    }
  }

  /// A message of an older site, with a text where there was one, and one with a cause of a newer
  /// version: both are heard as no more than that there is no answer.
  @Test func othersAreUnderstood() throws {
    var older: [UInt8] = [8, 3, 26, 12]
    older += Array("patient 4711".utf8) + [32, 1]
    let declined = try Zorba_V1_Declined(serializedBytes: older)
    #expect(declined.round == 3 && declined.refused && declined.cause == .unspecified)
    let newer = try Zorba_V1_Declined(serializedBytes: [8, 3, 40, 99] as [UInt8])
    #expect(newer.cause == .UNRECOGNIZED(99))
    #expect(DeclineCause(rawValue: newer.cause.rawValue) == nil)
    for message in [declined, newer] {
      try Zorba_V1_SiteMessage.with { $0.declined = message }.validate(within: WireLimits())
    }
  }

  /// A site whose rows cannot be used says just that; the full error is in its own log, and nothing of
  /// it crosses the wire or stands in what operators see.
  @Test func noTextLeavesASite() async throws {
    let federation = try LoopbackFederation.firstOrder { $0.rounds = 3 }
    let coordinator = try await federation.coordinator()
    let sent = Mutex<[[UInt8]]>([])
    let declined = Mutex<[Zorba_V1_Declined]>([])
    var agents = [try await federation.agent(1), try await federation.agent(2)]
    agents.append(
      try await federation.agent(3) {
        $0.gradients = { _, _ in FailingGradients() }
        $0.relay = { message in
          if let bytes = try? message.serializedBytes() as [UInt8] {
            sent.withLock { $0.append(bytes) }
          }
          if case .declined(let message) = message.kind { declined.withLock { $0.append(message) } }
          return [message]
        }
      })
    for agent in agents { _ = try await agent.outcome }
    let causes = declined.withLock { $0 }
    #expect(!causes.isEmpty)
    #expect(causes.allSatisfy { $0.cause == .data && !$0.refused })
    #expect(causes.allSatisfy { $0.unknownFields.data.isEmpty })
    for bytes in sent.withLock({ $0 }) {
      let text = String(decoding: bytes, as: UTF8.self)
      for secret in Self.secrets { #expect(!text.contains(secret)) }
    }
    // The site's own people hear everything.
    let warned = agents[2].warnings.joined()
    for secret in Self.secrets { #expect(warned.contains(secret)) }
    let host = try await coordinator.coordinator.run(named: "trial")
    #expect(await host.sites[2].reason == DeclineCause.data.sentence)
    try await coordinator.end()
  }
}
