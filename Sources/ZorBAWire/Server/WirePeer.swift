/// The peer of a call that was admitted.
package struct WirePeer: Sendable {
  /// Who it is.
  package let identity: PeerIdentity
  /// Where it calls from, for logs.
  package let address: String
  private let connection: ServerConnection

  init(_ identity: PeerIdentity, on connection: ServerConnection) {
    self.identity = identity
    self.connection = connection
    address = connection.address
  }

  /// Its certificate, DER.
  package var leaf: [UInt8]? { connection.leaf }

  /// What passed over this connection so far.
  package var traffic: Traffic { connection.counter.traffic }

  /// Ends the connection, and with it all its calls, without waiting for the peer.
  package func disconnect() { connection.disconnect() }
}
