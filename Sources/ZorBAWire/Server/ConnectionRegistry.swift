import NIOCore
import Synchronization

/// The connections of a server: how many, whose, and what passed over them.
final class ConnectionRegistry: Sendable {
  private struct State {
    var reserved = 0
    var byAddress: [String: ServerConnection] = [:]
    var byPeer: [PeerKey: [ServerConnection]] = [:]
    var perCertificate: [[UInt8]: Int] = [:]
    /// What passed over connections that are closed, by whom.
    var past: [PeerKey: Traffic] = [:]
  }

  /// Names what a peer is across renewals of its certificate.
  private struct PeerKey: Hashable {
    var role: PeerIdentity.Role
    var name: String

    init(_ peer: PeerIdentity) {
      role = peer.role
      name = peer.name
    }
  }

  let limits: WireLimits
  /// All bytes of all connections since the start.
  let total = ByteCounter()
  private let state = Mutex(State())

  init(limits: WireLimits) { self.limits = limits }

  /// Takes one of the places; whether there was one.
  func reserve() -> Bool {
    state.withLock { state in
      guard state.reserved < limits.maximumConnections else { return false }
      state.reserved += 1
      return true
    }
  }

  /// Gives a place back.
  func release() { state.withLock { $0.reserved -= 1 } }

  /// The connections that are open.
  var connections: [ServerConnection] { state.withLock { Array($0.byAddress.values) } }

  /// How many places are taken.
  var count: Int { state.withLock { $0.reserved } }

  /// The connection from an address as the transport writes it.
  func connection(from address: String) -> ServerConnection? {
    state.withLock { $0.byAddress[address] }
  }

  func insert(_ connection: ServerConnection, from address: String) {
    state.withLock { $0.byAddress[address] = connection }
  }

  /// Counts a connection to its certificate; whether that one may have another.
  func attribute(to leaf: [UInt8]) -> Bool {
    state.withLock { state in
      let count = state.perCertificate[leaf, default: 0]
      guard count < limits.maximumConnectionsPerCertificate else { return false }
      state.perCertificate[leaf] = count + 1
      return true
    }
  }

  func remove(_ connection: ServerConnection, leaf: [UInt8]?) {
    state.withLock { state in
      // A later connection may come from the same port.
      if state.byAddress[connection.address] === connection {
        state.byAddress[connection.address] = nil
      }
      if let leaf, let count = state.perCertificate[leaf] {
        state.perCertificate[leaf] = count > 1 ? count - 1 : nil
      }
      guard let key = connection.peer.map(PeerKey.init) else { return }
      state.byPeer[key]?.removeAll { $0 === connection }
      if state.byPeer[key]?.isEmpty == true { state.byPeer[key] = nil }
      state.past[key] = (state.past[key] ?? Traffic()) + connection.counter.traffic
    }
  }

  /// Notes who is at the other end of a connection; it must be open still.
  func identify(_ connection: ServerConnection, as peer: PeerIdentity) {
    state.withLock { state in
      guard state.byAddress[connection.address] === connection else { return }
      if connection.peer == nil { state.byPeer[PeerKey(peer), default: []].append(connection) }
      connection.peer = peer
    }
  }

  /// What passed to and from a peer since the start, over all its connections.
  func traffic(of role: PeerIdentity.Role, _ name: String) -> Traffic {
    state.withLock { state in
      let key = PeerKey(PeerIdentity(role: role, name: name, notAfter: 0, serial: ""))
      return (state.byPeer[key] ?? []).reduce(state.past[key] ?? Traffic()) {
        $0 + $1.counter.traffic
      }
    }
  }
}
