/// Something that happened on the wire and belongs into a log.
package enum WireEvent: Sendable, CustomStringConvertible {
  /// A server listens at the port.
  case listening(host: String, port: Int)
  /// A connection was closed as it came, because there are too many.
  case turnedAway(limit: Int)
  /// A connection ended before its peer was known to be entitled to it.
  case handshakeFailed(address: String, reason: String)
  /// A connection ended.
  case disconnected(address: String, peer: PeerIdentity?, traffic: Traffic, reason: String?)
  /// A call was refused before it was handled.
  case refused(address: String, peer: PeerIdentity?, call: String, reason: String)
  /// A call was handled and failed.
  case failed(address: String, peer: PeerIdentity, call: String, reason: String)

  /// The event as one line.
  package var description: String {
    switch self {
    case .listening(let host, let port): "listening on \(host):\(port)"
    case .turnedAway(let limit): "a connection was turned away: \(limit) are open"
    case .handshakeFailed(let address, let reason): "\(address): no connection: \(reason)"
    case .disconnected(let address, let peer, let traffic, let reason):
      "\(address): \(peer?.description ?? "a peer that asked nothing") disconnected"
        + " after \(traffic.received) bytes received, \(traffic.sent) sent"
        + (reason.map { ": \($0)" } ?? "")
    case .refused(let address, let peer, let call, let reason):
      "\(address): \(peer.map { "\($0), " } ?? "")\(call) refused: \(reason)"
    case .failed(let address, let peer, let call, let reason):
      "\(address): \(peer), \(call) failed: \(reason)"
    }
  }
}
