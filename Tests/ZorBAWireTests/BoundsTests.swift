import Foundation
import NIOCore
import NIOSSL
import SwiftProtobuf
import Synchronization
import Testing
import ZorBADiagnostics
import ZorBATestSupport
import ZorBAWire

/// No peer costs more than the bounds say, and none takes the server down.
@Suite struct BoundsTests {
  @Test func oversizedMessages() async throws {
    var limits = WireLimits()
    limits.maximumMessageBytes = 10_000
    try await withFederation(limits: limits) { federation in
      try await federation.client(.site, "big").withConnection { connection in
        await #expect(throws: ZorBAError.self) {
          try await connection.participate { inbound, outbound in
            try await outbound.send(.result(1, scalars: 5000))
            for try await _ in inbound {}
          }
        }
        // The connection itself still serves.
        try await connection.fetchModel(
          .with {
            $0.run = "known"
            $0.name = "model"
          }
        ) { _ in }
      }
      #expect(try await federation.echoes())
    }
  }

  /// Noise before TLS, and noise within it.
  @Test func garbage() async throws {
    try await withFederation { federation in
      var generator = SeededGenerator(seed: 3)
      for _ in 0..<20 {
        let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &generator) }
        _ = try await RawPeer.dial(federation.port, sending: bytes)
      }
      let tls = try RawPeer.tls(federation.authority.security(.site, "north"))
      for _ in 0..<5 {
        let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &generator) }
        _ = try await RawPeer.dial(federation.port, tls: tls, sending: bytes)
      }
      #expect(try await eventually { federation.server.connectionCount == 0 })
      #expect(try await federation.echoes())
    }
  }

  @Test func halfOpenHandshakes() async throws {
    var limits = WireLimits()
    limits.handshakeTimeout = .milliseconds(400)
    try await withFederation(limits: limits) { federation in
      // Nothing at all, and the beginning of a TLS record.
      _ = try await RawPeer.dial(federation.port)
      _ = try await RawPeer.dial(federation.port, sending: [22, 3, 1, 2, 0, 1, 0, 1, 252])
      #expect(
        try await eventually {
          federation.events.lines.filter { $0.contains("no TLS handshake within") }.count >= 2
        })
      #expect(await federation.echoesInTheEnd())
    }
  }

  /// A peer that finished the handshake and is never heard again is dead.
  @Test func silentPeers() async throws {
    var limits = WireLimits()
    limits.keepaliveInterval = .milliseconds(100)
    limits.keepaliveTimeout = .milliseconds(100)
    try await withFederation(limits: limits) { federation in
      let tls = try RawPeer.tls(federation.authority.security(.site, "north"))
      _ = try await RawPeer.dial(federation.port, tls: tls)
      #expect(try await eventually { federation.events.contains("nothing heard for") })
    }
  }

  /// Pings are heard on a connection that has nothing to say.
  @Test func idlePeersPing() async throws {
    var limits = WireLimits()
    limits.keepaliveInterval = .milliseconds(100)
    limits.keepaliveTimeout = .seconds(20)
    try await withFederation(limits: limits) { federation in
      try await federation.client(limits: limits).withConnection { connection in
        try await connection.participate { inbound, outbound in
          var iterator = inbound.makeAsyncIterator()
          try await outbound.send(.result(1))
          #expect(try await iterator.next() != nil)
          // Three pings and their answers are more traffic than any frame still under way.
          let before = connection.traffic.received
          #expect(
            try await eventually { connection.traffic.received > before + 500 },
            "\(connection.traffic), at first \(before): \(federation.events.lines)")
          try await outbound.send(.result(2))
          #expect(try await iterator.next() == .advance(2))
        }
      }
    }
  }

  @Test func peersThatDoNotRead() async throws {
    var limits = WireLimits()
    limits.writeTimeout = .milliseconds(500)
    try await withFederation(limits: limits) { federation in
      try await federation.client(.site, "deaf").withConnection { connection in
        _ = try? await connection.participate { _, outbound in
          try await outbound.send(
            .with {
              $0.stateDigest = .with {
                $0.round = 1
                $0.digests = .init(count: 16)
              }
            })
          #expect(try await eventually { federation.events.contains("stayed unread for") })
        }
        // What was sent stays within the windows and the buffers of both ends.
        #expect(connection.traffic.received < 4_000_000)
      }
      #expect(await federation.echoesInTheEnd())
    }
  }

  @Test func tooManyConnections() async throws {
    var limits = WireLimits()
    limits.maximumConnections = 2
    try await withFederation(limits: limits) { federation in
      let client = try federation.client()
      try await client.withConnection { _ in
        try await client.withConnection { _ in
          let error = await #expect(throws: ZorBAError.self) {
            try await client.withConnection { _ in }
          }
          #expect(error?.wireFault == .unreachable)
        }
      }
      #expect(federation.events.contains("turned away: 2 are open"))
      #expect(try await eventually { federation.server.connectionCount == 0 })
      #expect(try await federation.echoes())
    }
  }

  @Test func tooManyConnectionsOfOneCertificate() async throws {
    var limits = WireLimits()
    limits.maximumConnectionsPerCertificate = 1
    try await withFederation(limits: limits) { federation in
      let client = try federation.client()
      try await client.withConnection { _ in
        let error = await #expect(throws: ZorBAError.self) {
          try await client.withConnection { connection in
            try await connection.fetchJournal(.with { $0.run = "known" }) { _ in }
          }
        }
        #expect(error?.wireFault == .unreachable)
        let echoes = try await federation.echoes()
        #expect(echoes)
      }
      #expect(
        try await eventually {
          federation.events.contains("its certificate holds too many connections")
        })
    }
  }

  /// Shutting down ends calls that would not end by themselves.
  @Test func shutdown() async throws {
    try await withFederation { federation in
      try await federation.client().withConnection { connection in
        let error = await #expect(throws: ZorBAError.self) {
          try await connection.participate { inbound, outbound in
            var iterator = inbound.makeAsyncIterator()
            try await outbound.send(.result(1))
            _ = try await iterator.next()
            await federation.server.shutDown(grace: .milliseconds(50))
            while try await iterator.next() != nil {}
          }
        }
        #expect(error?.wireFault == .unreachable)
      }
    }
  }

  /// Cancelling the server's task ends everything too.
  @Test func cancellation() async throws {
    let authority = try TestAuthority()
    let server = try WireServer(
      host: "127.0.0.1", port: 0, security: authority.security(.coordinator),
      federation: EchoHandler(), administration: EchoHandler(), log: { _ in })
    let running = Task { try await server.run() }
    let port = try await server.listeningPort
    let security = try authority.security(.site, "north")
    try await WireClient(host: "127.0.0.1", port: port) { security }.withConnection { connection in
      let error = await #expect(throws: ZorBAError.self) {
        try await connection.participate { inbound, outbound in
          var iterator = inbound.makeAsyncIterator()
          try await outbound.send(.result(1))
          _ = try await iterator.next()
          running.cancel()
          while try await iterator.next() != nil {}
        }
      }
      #expect(error?.wireFault == .unreachable)
    }
    _ = await running.result
    #expect(server.connectionCount == 0)
  }
}
