import GRPCCore
import GRPCNIOTransportHTTP2Posix
import NIOPosix
import ZorBADiagnostics

/// The coordinator's end of the wire: listens, lets in who may, and hands calls to the handlers.
///
/// Call `run` once; it serves until `shutDown` or until its task is cancelled.
package final class WireServer: Sendable {
  private let transport: HTTP2ServerTransport.Custom<TLSListener>
  private let server: GRPCServer<HTTP2ServerTransport.Custom<TLSListener>>
  private let registry: ConnectionRegistry
  private let credentials: ServerCredentials

  /// Creates a server; nothing listens before `run`.
  ///
  /// - Parameters:
  ///   - port: 0 leaves the choice to the system; `listeningPort` tells it.
  ///   - log: Hears what happens on the wire, on any thread; must not block.
  /// - Throws: `invalidConfiguration` for a certificate or key that TLS cannot use.
  package init(
    host: String, port: Int, security: ConnectionSecurity, limits: WireLimits = WireLimits(),
    federation: any FederationHandler, administration: any AdministrationHandler,
    log: @escaping @Sendable (WireEvent) -> Void
  ) throws {
    registry = ConnectionRegistry(limits: limits)
    credentials = try ServerCredentials(security)
    var config = HTTP2ServerTransport.Custom<TLSListener>.Config.defaults
    config.rpc.maxRequestPayloadSize = limits.maximumMessageBytes
    config.http2.maxConcurrentStreams = limits.maximumStreamsPerConnection
    config.http2.targetWindowSize = limits.windowBytes
    // Clients ping and the connection's watch listens; pings of the server's own would double them.
    config.connection.keepalive.time = .seconds(86_400)
    config.connection.keepalive.clientBehavior.allowWithoutCalls = true
    // No peer is cut off for its pings: a stalled machine or network delivers them in bunches.
    config.connection.keepalive.clientBehavior.minPingIntervalWithoutCalls = .zero
    config.connection.flushCoalescing = nil
    transport = HTTP2ServerTransport.Custom(
      listenerFactory: TLSListener(
        eventLoopGroup: MultiThreadedEventLoopGroup.singleton, host: host, port: port,
        registry: registry, credentials: credentials, log: log),
      config: config)
    let admission = Admission(registry: registry, credentials: credentials, log: log)
    server = GRPCServer(
      transport: transport,
      services: [
        FederationService(admission: admission, limits: limits, handler: federation),
        AdministrationService(admission: admission, limits: limits, handler: administration),
      ])
  }

  /// Serves until the server is shut down and the last connection is closed.
  ///
  /// - Throws: `inputOutput` when the address cannot be listened on.
  package func run() async throws {
    do {
      try await server.serve()
    } catch {
      throw (error as? RuntimeError)?.cause as? ZorBAError ?? error
    }
  }

  /// The port that is listened on; waits until it is.
  ///
  /// - Throws: `inputOutput` when the server stopped or could not listen.
  package var listeningPort: Int {
    get async throws {
      let address = await transport.listeningAddress
      guard let port = address?.ipv4?.port ?? address?.ipv6?.port else {
        throw ZorBAError(.inputOutput, "the server does not listen")
      }
      return port
    }
  }

  /// Takes no more calls, lets the running ones end, and closes what is left after the grace.
  package func shutDown(grace: Duration) async {
    server.beginGracefulShutdown()
    let clock = ContinuousClock()
    let deadline = clock.now + grace
    while registry.count > 0, clock.now < deadline, !Task.isCancelled {
      try? await clock.sleep(until: min(deadline, clock.now + .milliseconds(20)))
    }
    for connection in registry.connections { connection.disconnect() }
  }

  /// Shows another certificate from now on, and judges by other rules: connections that come, and
  /// calls on those that stand.
  ///
  /// - Throws: `invalidConfiguration` for a certificate or key that TLS cannot use.
  package func replace(_ security: ConnectionSecurity) throws {
    try credentials.replace(security)
  }

  /// Ends the connections of certain peers at once, with all their calls; how many there were.
  @discardableResult
  package func disconnect(where isMeant: (PeerIdentity) -> Bool) -> Int {
    let meant = registry.connections.filter { $0.peer.map(isMeant) ?? false }
    for connection in meant { connection.disconnect() }
    return meant.count
  }

  /// The bytes of all connections since the start.
  package var traffic: Traffic { registry.total.traffic }

  /// The bytes to and from one peer since the start, over all its connections.
  package func traffic(of role: PeerIdentity.Role, _ name: String) -> Traffic {
    registry.traffic(of: role, name)
  }

  /// How many connections there are.
  package var connectionCount: Int { registry.count }
}
