import GRPCNIOTransportHTTP2Posix
import NIOCore
import NIOPosix
import ZorBADiagnostics

/// Accepts connections and lays out their pipelines: byte counter, TLS, watch, record merging, gRPC.
struct TLSListener: HTTP2ServerTransport.ListenerFactory {
  typealias Accepted = HTTP2ServerTransport.ConnectionConfigurator.ConnectionChannel

  var eventLoopGroup: any EventLoopGroup
  var host: String
  var port: Int
  var registry: ConnectionRegistry
  var credentials: ServerCredentials
  var log: @Sendable (WireEvent) -> Void

  func makeListeningChannel(
    listenerConfigurator: HTTP2ServerTransport.ListenerConfigurator,
    connectionConfigurator: HTTP2ServerTransport.ConnectionConfigurator
  ) async throws -> NIOAsyncChannel<Accepted, Never> {
    let bootstrap = ServerBootstrap(group: eventLoopGroup)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.backlog, value: 1024)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .serverChannelInitializer { [registry, log] channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            ConnectionGate(registry: registry, log: log))
        }.flatMap { listenerConfigurator.configure(channel: channel) }
      }
    let channel: NIOAsyncChannel<Accepted, Never>
    do {
      channel = try await bootstrap.bind(host: host, port: port) { channel in
        channel.eventLoop.makeCompletedFuture { try layOut(channel) }
          .flatMap {
            connectionConfigurator.configure(channel: channel, tls: .configured(requireALPN: true))
          }
      }
    } catch {
      throw ZorBAError(
        .inputOutput,
        "cannot listen on \(host):\(port): "
          + ((error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"),
        advice: "Choose an address of this machine and a port that is free.")
    }
    log(.listening(host: host, port: channel.channel.localAddress?.port ?? port))
    return channel
  }

  private func layOut(_ channel: any Channel) throws {
    let connection = ServerConnection(registry: registry, log: log)
    let bytes = ByteCountingHandler(counter: connection.counter)
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(bytes)
    try pipeline.addHandler(credentials.makeHandler())
    try pipeline.addHandler(
      ConnectionWatch(
        limits: registry.limits, bytes: bytes, writes: connection.writes, observer: connection))
    try pipeline.addHandler(RecordMergingHandler())
  }
}

/// Lets connections in while there are places.
private final class ConnectionGate: ChannelInboundHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel

  private let registry: ConnectionRegistry
  private let log: @Sendable (WireEvent) -> Void

  init(registry: ConnectionRegistry, log: @escaping @Sendable (WireEvent) -> Void) {
    self.registry = registry
    self.log = log
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let channel = unwrapInboundIn(data)
    guard registry.reserve() else {
      log(.turnedAway(limit: registry.limits.maximumConnections))
      return channel.close(promise: nil)
    }
    channel.closeFuture.whenComplete { [registry] _ in registry.release() }
    context.fireChannelRead(data)
  }
}
