import NIOCore

/// Counts what passes between the socket and TLS; the first handler of a connection.
final class ByteCountingHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = IOData
  typealias OutboundOut = IOData

  private let counter: ByteCounter
  /// When the peer was last heard.
  private(set) var lastRead = NIODeadline.now()

  init(counter: ByteCounter) { self.counter = counter }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    counter.countReceived(unwrapInboundIn(data).readableBytes)
    lastRead = .now()
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    counter.countSent(unwrapOutboundIn(data).readableBytes)
    context.write(data, promise: promise)
  }
}
