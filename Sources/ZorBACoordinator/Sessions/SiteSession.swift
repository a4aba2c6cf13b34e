import SwiftProtobuf
import Synchronization
package import ZorBAWire

/// One stream of one site, as the run sees it: a bounded queue of messages that a writer drains.
///
/// The run never waits for a site. A site that does not read is cut off when the queue is full: it
/// comes again and catches up from its journal, which costs less than holding everybody.
package final class SiteSession: Sendable {
  /// Tells streams of one site apart; grows over the life of the coordinator.
  package let id: UInt64
  /// The site's name, from its certificate.
  package let site: String
  /// When the site's certificate ends, in seconds since 1970.
  package let certificateExpires: UInt64
  /// Messages to the site, in order. Ends after the last message of a stream.
  package let outbox: AsyncStream<Zorba_V1_CoordinatorMessage>
  /// What crossed the connection: bytes received and sent, TLS records included.
  package let traffic: @Sendable () -> (received: UInt64, sent: UInt64)

  private let continuation: AsyncStream<Zorba_V1_CoordinatorMessage>.Continuation
  private let isOpen = Atomic<Bool>(true)

  /// Messages that may wait for a site.
  package static let outboxLimit = 4096

  package init(
    id: UInt64, site: String, certificateExpires: UInt64,
    traffic: @escaping @Sendable () -> (received: UInt64, sent: UInt64) = { (0, 0) }
  ) {
    self.id = id
    self.site = site
    self.certificateExpires = certificateExpires
    self.traffic = traffic
    (outbox, continuation) = AsyncStream.makeStream(
      bufferingPolicy: .bufferingOldest(Self.outboxLimit))
  }

  /// Queues a message; a full queue ends the stream.
  package func send(_ message: Zorba_V1_CoordinatorMessage) {
    if case .dropped = continuation.yield(message) { close() }
  }

  /// Queues the last message.
  package func sayGoodbye(
    _ reason: Zorba_V1_Goodbye.Reason, _ text: String, retryAfter seconds: UInt32 = 0
  ) {
    send(
      .with {
        $0.goodbye = .with {
          $0.reason = reason
          $0.text = text
          $0.retryAfterSeconds = seconds
        }
      })
    close()
  }

  /// Ends the stream after what is queued.
  package func close() {
    guard isOpen.exchange(false, ordering: .relaxed) else { return }
    continuation.finish()
  }
}
