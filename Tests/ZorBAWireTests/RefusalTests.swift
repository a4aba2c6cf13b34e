import NIOCore
import NIOSSL
import SwiftProtobuf
import Testing
import ZorBADiagnostics
import ZorBAWire

/// Who may not come in does not, hears why, and leaves the server unharmed.
@Suite struct RefusalTests {
  @Test func peersWithoutCertificate() async throws {
    try await withFederation { federation in
      let end = try await RawPeer.dial(federation.port, tls: RawPeer.tls(nil))
      #expect(end.error?.contains("CERTIFICATE_REQUIRED") == true)
      #expect(try await eventually { federation.events.contains("no connection") })
      #expect(try await federation.echoes())
    }
  }

  @Test func oldTLS() async throws {
    try await withFederation { federation in
      var tls = try RawPeer.tls(federation.authority.security(.site, "north"))
      tls.minimumTLSVersion = .tlsv12
      tls.maximumTLSVersion = .tlsv12
      let end = try await RawPeer.dial(federation.port, tls: tls)
      #expect(end.error?.contains("PROTOCOL_VERSION") == true)
      #expect(try await federation.echoes())
    }
  }

  @Test(arguments: [[], ["http/1.1"]])
  func otherProtocols(names: [String]) async throws {
    try await withFederation { federation in
      var tls = try RawPeer.tls(federation.authority.security(.site, "north"))
      tls.applicationProtocols = names
      _ = try await RawPeer.dial(federation.port, tls: tls)
      #expect(
        try await eventually { federation.events.contains("instead of h2") })
      #expect(try await federation.echoes())
    }
  }

  @Test func foreignClients() async throws {
    try await withFederation { federation in
      let stranger = try TestAuthority("stranger").security(
        .site, "north", trusting: federation.authority)
      let client = WireClient(host: "127.0.0.1", port: federation.port) { stranger }
      let error = await #expect(throws: ZorBAError.self) {
        try await client.withConnection { _ in }
      }
      #expect(error?.wireFault == .refusedByPeer)
      #expect(error?.message.contains("does not accept this side's certificate") == true)
      #expect(try await federation.echoes())
    }
  }

  @Test func foreignServers() async throws {
    try await withFederation { federation in
      let mine = try federation.authority.security(
        .site, "north", trusting: try TestAuthority("mine"))
      let client = WireClient(host: "127.0.0.1", port: federation.port) { mine }
      let error = await #expect(throws: ZorBAError.self) {
        try await client.withConnection { _ in }
      }
      #expect(error?.wireFault == .peerRefused)
      #expect(error?.message.contains("does not lead to this federation's authority") == true)
    }
  }

  /// A site's certificate cannot pose as the coordinator.
  @Test func wrongIdentityOfTheServer() async throws {
    try await withFederation(serving: .site) { federation in
      let error = await #expect(throws: ZorBAError.self) {
        try await federation.client().withConnection { _ in }
      }
      #expect(error?.wireFault == .peerRefused)
      #expect(error?.message.contains("it is the certificate of the site") == true)
    }
  }

  @Test func wrongRoles() async throws {
    try await withFederation { federation in
      try await federation.client(.operator, "olga").withConnection { connection in
        let error = await #expect(throws: ZorBAError.self) {
          try await connection.participate { inbound, _ in for try await _ in inbound {} }
        }
        #expect(error?.wireFault == .permissionDenied)
        #expect(error?.message.contains("certificates of sites") == true)
      }
      for role in [PeerIdentity.Role.site, .coordinator] {
        try await federation.client(role, "north").withConnection { connection in
          let error = await #expect(throws: ZorBAError.self) {
            try await connection.listRuns(.init())
          }
          #expect(error?.wireFault == .permissionDenied)
          #expect(error?.message.contains("certificates of operators") == true)
        }
      }
      #expect(federation.events.contains("ListRuns refused: ListRuns is open to"))
    }
  }

  /// Revocation ends what runs, and refuses what comes, with a sentence.
  @Test func revokedSites() async throws {
    try await withFederation { federation in
      let client = try federation.client(.site, "rogue")
      try await client.withConnection { connection in
        let error = await #expect(throws: ZorBAError.self) {
          try await connection.participate { inbound, outbound in
            var iterator = inbound.makeAsyncIterator()
            try await outbound.send(.result(1))
            _ = try await iterator.next()
            federation.revoked.insert("rogue")
            #expect(federation.server.disconnect { $0.name == "rogue" } == 1)
            while try await iterator.next() != nil {}
          }
        }
        #expect(error?.wireFault == .unreachable)
      }
      try await client.withConnection { connection in
        let error = await #expect(throws: ZorBAError.self) {
          try await connection.participate { inbound, _ in for try await _ in inbound {} }
        }
        #expect(error?.wireFault == .permissionDenied)
        #expect(error?.message == "the certificate of rogue is revoked")
      }
      #expect(try await federation.echoes())
    }
  }

  /// Renewed credentials are shown and required from the next connection on.
  @Test func replacedCredentials() async throws {
    try await withFederation { federation in
      #expect(try await federation.echoes())
      let next = try TestAuthority("next")
      try federation.server.replace(next.security(.coordinator))
      await #expect(throws: ZorBAError.self) {
        try await federation.client().withConnection { _ in }
      }
      let security = try next.security(.site, "north")
      try await WireClient(host: "127.0.0.1", port: federation.port) { security }
        .withConnection { connection in
          try await connection.fetchJournal(.with { $0.run = "known" }) { _ in }
        }
    }
  }

  @Test func unreachableServers() async throws {
    var port = 0
    try await withFederation { port = $0.port }
    let security = try TestAuthority().security(.site, "north")
    let client = WireClient(host: "127.0.0.1", port: port) { security }
    let error = await #expect(throws: ZorBAError.self) {
      try await client.withConnection { _ in }
    }
    #expect(error?.wireFault == .unreachable)
    #expect(error?.message == "cannot reach 127.0.0.1:\(port)")
  }

  @Test func otherServers() async throws {
    let channel = try await RawPeer.listen(
      answering: Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
    let port = try #require(channel.localAddress?.port)
    let security = try TestAuthority().security(.site, "north")
    let error = await #expect(throws: ZorBAError.self) {
      try await WireClient(host: "127.0.0.1", port: port) { security }.withConnection { _ in }
    }
    #expect(error?.wireFault == .protocolViolation)
    try await channel.close()
  }
}
