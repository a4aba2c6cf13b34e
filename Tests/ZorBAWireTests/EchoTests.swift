import Foundation
import SwiftProtobuf
import Synchronization
import Testing
import ZorBADiagnostics
import ZorBAWire

@Suite struct EchoTests {
  @Test func participates() async throws {
    try await withFederation { federation in
      let client = try federation.client(.site, "south")
      try await client.withConnection { connection in
        #expect(connection.coordinator.role == .coordinator)
        try await connection.participate { inbound, outbound in
          var iterator = inbound.makeAsyncIterator()
          try await outbound.send(
            .with {
              $0.hello = .with {
                $0.protocolMinimum = 1
                $0.protocolMaximum = 1
                $0.software = "test"
              }
            })
          #expect(try await iterator.next()?.pause.reason == "south test")
          for round in 1...20 as ClosedRange<UInt64> {
            try await outbound.send(.result(round))
            #expect(try await iterator.next() == .advance(round))
          }
          try await outbound.send(.with { $0.leaving.reason = "done" })
          #expect(try await iterator.next() == nil)
        }
        // Both ends count the same bytes; those of the last frames may still be under way.
        #expect(
          try await eventually {
            let server = federation.server.traffic(of: .site, "south")
            return server.received == connection.traffic.sent
              && server.sent == connection.traffic.received && server.received > 0
          })
        #expect(federation.server.traffic == federation.server.traffic(of: .site, "south"))
      }
      #expect(try await eventually { federation.server.connectionCount == 0 })
      #expect(federation.events.contains("site south disconnected"))
    }
  }

  /// Many streams on one connection do not mix.
  @Test func carriesFiftyStreams() async throws {
    try await withFederation { federation in
      try await federation.client().withConnection { connection in
        let all = Shared(Set<UInt64>())
        try await withThrowingTaskGroup { group in
          for stream in 1...50 as ClosedRange<UInt64> {
            group.addTask {
              try await connection.participate { inbound, outbound in
                var iterator = inbound.makeAsyncIterator()
                for step in 0..<20 as Range<UInt64> {
                  let round = stream * 1000 + step
                  try await outbound.send(.result(round))
                  guard try await iterator.next()?.advance.commit.round == round else { return }
                }
                all.value.withLock { _ = $0.insert(stream) }
              }
            }
          }
          try await group.waitForAll()
        }
        #expect(all.value.withLock { $0.count } == 50)
        // They ended in order: none was reset.
        #expect(!federation.events.contains("failed"))
      }
    }
  }

  @Test func fetchesAndCalls() async throws {
    try await withFederation { federation in
      try await federation.client().withConnection { connection in
        let bytes = Shared(Data())
        try await connection.fetchJournal(.with { $0.run = "known" }) { piece in
          bytes.value.withLock { $0.append(piece) }
        }
        #expect(bytes.value.withLock { $0.count } == 1_600_000)
        #expect(bytes.value.withLock { $0[1_599_999] } == 15)
        let answer = try await connection.renewCertificate(
          .with { $0.signingRequest = Data([1, 2, 3]) })
        #expect(answer.certificates == [Data([1, 2, 3])])
      }
      try await federation.client(.operator, "olga").withConnection { connection in
        #expect(try await connection.listRuns(.init()).runs.map(\.name) == ["known"])
        let paused = try await connection.controlRun(
          .with {
            $0.run = "known"
            $0.action = .pause
          })
        #expect(paused.run.name == "known")
      }
    }
  }

  /// A handler's error is the caller's error: same code, same sentence.
  @Test func tellsSentences() async throws {
    try await withFederation { federation in
      try await federation.client().withConnection { connection in
        let unknown = await #expect(throws: ZorBAError.self) {
          try await connection.fetchJournal(.with { $0.run = "other" }) { _ in }
        }
        #expect(unknown?.code == .invalidConfiguration)
        #expect(unknown?.message == "no run named other")
        let refused = await #expect(throws: ZorBAError.self) {
          try await connection.participate { inbound, outbound in
            try await outbound.send(.with { $0.declined.round = 1 })
            for try await _ in inbound {}
          }
        }
        #expect(refused?.code == .refused)
        #expect(refused?.wireFault == .permissionDenied)
        #expect(refused?.message == "the run is closed")
        #expect(refused?.advice == "Ask the operator.")
        // What breaks the protocol stops at the side that would use it.
        let broken = await #expect(throws: ZorBAError.self) {
          try await connection.describeModel(.with { $0.run = "known" })
        }
        #expect(broken?.location.field == "DescribeModelResponse.files.name")
        let own = await #expect(throws: ZorBAError.self) {
          try await connection.participate { _, outbound in try await outbound.send(.result(0)) }
        }
        #expect(own?.location.field == "Result.round")
      }
    }
  }

  /// The bytes of a round in steady state, TLS records included.
  @Test func costsFewBytes() async throws {
    try await withFederation { federation in
      try await federation.client().withConnection { connection in
        try await connection.participate { inbound, outbound in
          var iterator = inbound.makeAsyncIterator()
          try await outbound.send(.result(1))
          #expect(try await iterator.next() != nil)
          let beginning = connection.traffic
          func round(_ number: UInt64) async throws {
            try await outbound.send(.result(number))
            #expect(try await iterator.next() != nil)
          }
          for number in 1000..<1010 as Range<UInt64> { try await round(number) }
          let before = connection.traffic
          let rounds: UInt64 = 1000
          for number in 2000..<(2000 + rounds) { try await round(number) }
          let after = connection.traffic
          let up = Double(after.sent - before.sent) / Double(rounds)
          let down = Double(after.received - before.received) / Double(rounds)
          print("bytes a round: \(up) up, \(down) down; until the first answer: \(beginning)")
          // P = 1, 8 blocks: at least 4P + 8 up and 4·8·P + 4 down.
          #expect(up + down <= 4 * (12 + 36))
          #expect(down <= 4 * 36)
        }
      }
    }
  }
}
