import ZorBAWire

extension PeerIdentity {
  /// The peer as its certificate and the audit log name it.
  func uri(in federation: String) -> String {
    role == .coordinator
      ? "zorba://\(federation)/coordinator" : "zorba://\(federation)/\(role.rawValue)/\(name)"
  }
}
