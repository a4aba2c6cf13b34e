import NIOCore
import Synchronization
import ZorBADiagnostics

/// One connection as the server keeps it.
final class ServerConnection: Sendable, ConnectionObserver {
  private struct State {
    var channel: (any Channel)?
    var address = ""
    var leaf: [UInt8]?
    var peer: PeerIdentity?
    var isHeard = false
  }

  let counter: ByteCounter
  let writes = StalledWrites()
  private let registry: ConnectionRegistry
  private let log: @Sendable (WireEvent) -> Void
  private let state = Mutex(State())

  init(registry: ConnectionRegistry, log: @escaping @Sendable (WireEvent) -> Void) {
    self.registry = registry
    self.log = log
    counter = ByteCounter(partOf: registry.total)
  }

  /// The peer's address as the transport writes it.
  var address: String { state.withLock { $0.address } }

  /// The certificate that the peer proved to hold, DER.
  var leaf: [UInt8]? { state.withLock { $0.leaf } }

  /// Who it is, once a call was admitted.
  var peer: PeerIdentity? {
    get { state.withLock { $0.peer } }
    set { state.withLock { $0.peer = newValue } }
  }

  /// Ends the connection without waiting for the peer.
  func disconnect() { state.withLock { $0.channel }?.closeAtOnce() }

  // MARK: ConnectionObserver

  func opened(_ channel: any Channel) {
    let address = channel.remoteAddress.flatMap(Self.text)
    state.withLock { state in
      state.channel = channel
      state.address = address ?? ""
    }
    // A peer that is gone already has no address; no call can come from it.
    guard let address else { return channel.closeAtOnce() }
    registry.insert(self, from: address)
  }

  func secured(leaf: [UInt8]) throws {
    guard registry.attribute(to: leaf) else { throw TooManyConnections() }
    state.withLock { $0.leaf = leaf }
  }

  func heard() { state.withLock { $0.isHeard = true } }

  func closed(_ reason: (any Error)?) {
    let (address, leaf, peer) = state.withLock { state in
      state.channel = nil
      return (state.address, state.leaf, state.peer)
    }
    registry.remove(self, leaf: leaf)
    let text = reason.map { String(describing: $0).excerpt(limit: 300) }
    if leaf == nil {
      log(.handshakeFailed(address: address, reason: text ?? "the peer hung up"))
    } else {
      log(.disconnected(address: address, peer: peer, traffic: counter.traffic, reason: text))
    }
  }

  /// A socket's address the way the transport describes the peer of a call.
  private static func text(_ address: SocketAddress) -> String? {
    guard let port = address.port else { return nil }
    return switch address {
    case .v4(let inner): "ipv4:\(inner.host):\(port)"
    case .v6(let inner): "ipv6:[\(inner.host)]:\(port)"
    case .unixDomainSocket: nil
    }
  }
}

/// A certificate holds as many connections as it may.
private struct TooManyConnections: Error, CustomStringConvertible {
  var description: String { "its certificate holds too many connections" }
}
