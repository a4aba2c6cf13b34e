import ZorBAWire

/// Messages that wait for one connection, in order.
final class Outbox: Sendable {
  let messages: AsyncStream<Zorba_V1_SiteMessage>
  private let continuation: AsyncStream<Zorba_V1_SiteMessage>.Continuation

  init() { (messages, continuation) = AsyncStream.makeStream() }

  func send(_ message: Zorba_V1_SiteMessage) { continuation.yield(message) }

  /// Ends the stream after what is queued.
  func close() { continuation.finish() }
}
