import GRPCCore
import GRPCNIOTransportHTTP2Posix
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A site's or an operator's end of the wire: dials out, one connection at a time.
///
/// It never connects again by itself, so that whoever uses it hears of every failure and decides.
package struct WireClient: Sendable {
  private let host: String
  private let port: Int
  private let limits: WireLimits
  private let security: @Sendable () throws -> ConnectionSecurity

  /// Creates a client; nothing is dialled yet.
  ///
  /// - Parameter security: Asked for each connection, so that renewed credentials are used by the
  ///   next one.
  package init(
    host: String, port: Int, limits: WireLimits = WireLimits(),
    security: @escaping @Sendable () throws -> ConnectionSecurity
  ) {
    self.host = host
    self.port = port
    self.limits = limits
    self.security = security
  }

  /// Connects, runs the body on the connection, and closes it.
  ///
  /// The connection's end reaches the body as an error of the call that it waits for.
  ///
  /// - Throws: What the body throws; before it, a `ZorBAError` whose `wireFault` tells apart
  ///   `unreachable`, `refusedByPeer`, `peerRefused` and `protocolViolation`.
  package func withConnection<Answer: Sendable>(
    _ body: (WireConnection) async throws -> Answer
  ) async throws -> Answer {
    let security = try security()
    let context = try TLSContexts.client(security)
    let counter = ByteCounter()
    let writes = StalledWrites()
    let found = Mutex<(channel: any Channel, handshake: ClientHandshake)?>(nil)

    let transport: HTTP2ClientTransport.WrappedChannel
    do {
      transport = try await HTTP2ClientTransport.WrappedChannel.wrapping(config: config) {
        configure in
        let (configured, handshake) = try await ClientBootstrap(
          group: MultiThreadedEventLoopGroup.singleton
        )
        .connectTimeout(TimeAmount(limits.connectTimeout))
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .connect(host: host, port: port) { channel in
          let handshake = ClientHandshake(
            peer: peer, security: security, eventLoop: channel.eventLoop)
          return channel.eventLoop.makeCompletedFuture {
            try layOut(
              channel, context: context, counter: counter, writes: writes, handshake: handshake)
          }
          .flatMap { configure(channel) }
          .map { ($0, handshake) }
        }
        found.withLock { $0 = (configured.channel, handshake) }
        return configured
      }
    } catch {
      throw ZorBAError.wire(
        .unreachable, "cannot reach \(peer)", detail: Self.reason(for: error),
        advice: "Check the address, the network and whether the coordinator runs.")
    }
    guard let (channel, handshake) = found.withLock({ $0 }) else {
      throw ZorBAError.wire(.unreachable, "cannot reach \(peer)")
    }

    let client = GRPCClient(transport: transport)
    return try await withThrowingTaskGroup { group in
      group.addTask { try await client.runConnections() }
      let outcome: Result<Answer, any Error>
      do {
        let identity = try await handshake.identity()
        outcome = .success(
          try await body(
            WireConnection(
              coordinator: identity, peer: peer, counter: counter, limits: limits, client: client,
              writes: writes, handshake: handshake)))
      } catch {
        outcome = .failure(error)
      }
      client.beginGracefulShutdown()
      channel.close(promise: nil)
      // However the connection ends from here on, the body's outcome stands.
      while let ended = await group.nextResult() { _ = ended }
      try? await channel.closeFuture.get()
      return try outcome.get()
    }
  }

  /// Why no connection came about: the system's words for the first address that was tried.
  private static func reason(for error: any Error) -> String {
    if let error = error as? NIOConnectionError {
      if let first = error.connectionErrors.first { return reason(for: first.error) }
      if error.dnsAError != nil || error.dnsAAAAError != nil { return "no such host" }
    }
    if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
    if case .connectTimeout? = error as? ChannelError { return "no answer" }
    return String(describing: error)
  }

  private var peer: String { "\(host):\(port)" }

  private var config: HTTP2ClientTransport.WrappedChannel.Config {
    .defaults { config in
      config.http2.targetWindowSize = limits.windowBytes
      config.http2.authority = host
      config.connection.maxIdleTime = nil
      config.connection.keepalive = .init(
        time: limits.keepaliveInterval, timeout: limits.keepaliveTimeout, allowWithoutCalls: true)
      config.connection.flushCoalescing = nil
    }
  }

  private func layOut(
    _ channel: any Channel, context: NIOSSLContext, counter: ByteCounter, writes: StalledWrites,
    handshake: ClientHandshake
  ) throws {
    let bytes = ByteCountingHandler(counter: counter)
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(bytes)
    try pipeline.addHandler(
      NIOSSLClientHandler(
        context: context, serverHostname: nil, customVerificationCallback: handshake.verification))
    try pipeline.addHandler(
      ConnectionWatch(limits: limits, bytes: bytes, writes: writes, observer: handshake))
    try pipeline.addHandler(RecordMergingHandler())
  }
}
