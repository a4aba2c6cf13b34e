import Synchronization

/// Bytes on the wire: payload of TCP, thus TLS records and handshakes included.
package struct Traffic: Hashable, Sendable {
  /// From the peer.
  package var received: UInt64
  /// To the peer.
  package var sent: UInt64

  package init(received: UInt64 = 0, sent: UInt64 = 0) {
    self.received = received
    self.sent = sent
  }

  package static func + (left: Traffic, right: Traffic) -> Traffic {
    Traffic(received: left.received &+ right.received, sent: left.sent &+ right.sent)
  }
}

/// A running count of traffic that any thread may read.
package final class ByteCounter: Sendable {
  private let received = Atomic<UInt64>(0)
  private let sent = Atomic<UInt64>(0)
  /// Counts the same bytes over all connections.
  private let total: ByteCounter?

  package init(partOf total: ByteCounter? = nil) { self.total = total }

  /// The traffic so far.
  package var traffic: Traffic {
    Traffic(
      received: received.load(ordering: .relaxed), sent: sent.load(ordering: .relaxed))
  }

  func countReceived(_ bytes: Int) {
    received.wrappingAdd(UInt64(clamping: bytes), ordering: .relaxed)
    total?.countReceived(bytes)
  }

  func countSent(_ bytes: Int) {
    sent.wrappingAdd(UInt64(clamping: bytes), ordering: .relaxed)
    total?.countSent(bytes)
  }
}
