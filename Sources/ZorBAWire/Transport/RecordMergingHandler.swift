import NIOCore

/// Merges what is written between two flushes into one TLS record.
///
/// HTTP/2 writes a frame's header and its payload apart, and TLS makes a record of 22 bytes overhead
/// out of every write: unmerged, a round of a small model would pay that twice. At most one record's
/// worth is held back, and only until the flush.
final class RecordMergingHandler: ChannelOutboundHandler {
  typealias OutboundIn = IOData
  typealias OutboundOut = IOData

  /// Larger writes fill records of their own and pass unmerged, without a copy.
  private static let mergedBytes = 8192

  private var held: ByteBuffer?
  private var promises: [EventLoopPromise<Void>] = []

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard case .byteBuffer(var buffer) = unwrapOutboundIn(data),
      buffer.readableBytes < Self.mergedBytes
    else {
      release(context)
      context.write(data, promise: promise)
      return
    }
    if let held, held.readableBytes + buffer.readableBytes > Self.mergedBytes { release(context) }
    if held == nil {
      held = buffer
    } else {
      held?.writeBuffer(&buffer)
    }
    if let promise { promises.append(promise) }
  }

  func flush(context: ChannelHandlerContext) {
    release(context)
    context.flush()
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    release(context)
    context.close(mode: mode, promise: promise)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    held = nil
    let waiting = promises
    promises = []
    for promise in waiting { promise.fail(ChannelError.ioOnClosedChannel) }
  }

  private func release(_ context: ChannelHandlerContext) {
    guard let buffer = held else { return }
    held = nil
    let waiting = promises
    promises = []
    guard let first = waiting.first else {
      context.write(wrapOutboundOut(.byteBuffer(buffer)), promise: nil)
      return
    }
    for promise in waiting.dropFirst() { first.futureResult.cascade(to: promise) }
    context.write(wrapOutboundOut(.byteBuffer(buffer)), promise: first)
  }
}
