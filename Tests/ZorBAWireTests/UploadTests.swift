import Foundation
import SwiftProtobuf
import Testing
import ZorBADiagnostics
import ZorBAWire

/// Updates that go up piece by piece.
@Suite struct UploadTests {
  private func declaration(bytes: UInt64, offset: UInt64 = 0) -> Zorba_V1_UpdateDeclaration {
    .with {
      $0.run = "known"
      $0.round = 3
      $0.bytes = bytes
      $0.digest = Data(count: 16)
      $0.offset = offset
    }
  }

  @Test func goUpBesideTheStream() async throws {
    try await withFederation { federation in
      try await federation.client().withConnection { connection in
        try await connection.participate { inbound, outbound in
          var iterator = inbound.makeAsyncIterator()
          try await outbound.send(.result(1))
          #expect(try await iterator.next() == .advance(1))
          let held = try await connection.uploadUpdate(declaration(bytes: 3_000_000)) { send in
            for _ in 0..<30 { try await send(Data(repeating: 5, count: 100_000)) }
          }
          #expect(held == 3_000_000)
          // Only what is lacking goes up again, and a question alone sends nothing.
          let rest = declaration(bytes: 3_000_000, offset: 9)
          let known = try await connection.uploadUpdate(rest) { _ in }
          #expect(known == 9)
          try await outbound.send(.result(2))
          #expect(try await iterator.next() == .advance(2))
        }
        #expect(federation.server.traffic(of: .site, "north").received > 3_000_000)
      }
    }
  }

  /// A receiver that refuses ends the call with its sentence, while the sender is still sending.
  @Test func refusalsReachTheSender() async throws {
    try await withFederation { federation in
      try await federation.client().withConnection { connection in
        let error = await #expect(throws: ZorBAError.self) {
          try await connection.uploadUpdate(declaration(bytes: 1000)) { send in
            for _ in 0..<30 { try await send(Data(count: 100_000)) }
          }
        }
        #expect(error?.message == "more than was declared")
        let own = await #expect(throws: ZorBAError.self) {
          try await connection.uploadUpdate(declaration(bytes: 1 << 21)) { send in
            try await send(Data(count: 1 << 20))
          }
        }
        #expect(own?.location.field == "UploadUpdateRequest.piece")
        // The connection itself still serves.
        let held = try await connection.uploadUpdate(declaration(bytes: 4)) { _ in }
        #expect(held == 0)
      }
    }
  }
}
