import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import ZorBAWire

/// A peer below gRPC: plain TCP, or TLS as a test wants it, and whatever bytes.
struct RawPeer: Sendable {
  /// What a peer saw until it was cut off.
  struct End: Sendable {
    var received = 0
    var error: String?
  }

  /// Dials, sends, and waits until the other side closes.
  static func dial(
    _ port: Int, tls: TLSConfiguration? = nil, sending bytes: [UInt8] = []
  ) async throws -> End {
    let context = try tls.map { try NIOSSLContext(configuration: $0) }
    let watched = Watched()
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let context {
            try channel.pipeline.syncOperations.addHandler(
              NIOSSLClientHandler(context: context, serverHostname: nil) { _, promise in
                promise.succeed(.certificateVerified)
              })
          }
          try channel.pipeline.syncOperations.addHandler(Watcher(watched))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
    if !bytes.isEmpty {
      try? await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }
    try await channel.closeFuture.get()
    return watched.end.withLock { $0 }
  }

  /// A TLS configuration of a client that shows a certificate, or none.
  static func tls(_ security: ConnectionSecurity?) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .noHostnameVerification
    configuration.applicationProtocols = ["h2"]
    if let security {
      configuration.certificateChain = try security.chain.map {
        .certificate(try NIOSSLCertificate(bytes: $0, format: .der))
      }
      configuration.privateKey = .privateKey(
        try NIOSSLPrivateKey(bytes: Array(security.key.utf8), format: .pem))
    }
    return configuration
  }

  /// Listens on the loopback interface and answers every connection with these bytes.
  static func listen(answering bytes: [UInt8]) async throws -> any Channel {
    try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Answerer(bytes))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  private final class Watched: Sendable {
    let end = Mutex(End())
  }

  private final class Watcher: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let watched: Watched

    init(_ watched: Watched) { self.watched = watched }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let count = unwrapInboundIn(data).readableBytes
      watched.end.withLock { $0.received += count }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      watched.end.withLock { $0.error = $0.error ?? String(describing: error) }
      context.close(promise: nil)
    }
  }

  private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }
  }
}
