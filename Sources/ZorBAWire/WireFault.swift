package import ZorBADiagnostics

/// Why a connection or a call failed, for a program that must decide whether to try again.
///
/// It is the cause of the `ZorBAError` that carries the sentence.
package struct WireFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds that callers tell apart.
  package enum Kind: String, Hashable, Sendable {
    /// Nobody answers at the address, or the connection broke. Worth another try.
    case unreachable
    /// The peer ended the handshake: our certificate does not lead to its authority.
    case refusedByPeer
    /// We do not accept the peer's certificate.
    case peerRefused
    /// The peer does not speak this protocol as it must.
    case protocolViolation
    /// The peer understood and said no.
    case permissionDenied
    /// A bound of either side was reached.
    case exhausted
    /// The peer failed at a call.
    case failed
  }

  /// The kind.
  package var kind: Kind
  /// What the layer underneath said.
  package var detail: String

  package init(_ kind: Kind, _ detail: String) {
    self.kind = kind
    self.detail = detail
  }

  package var description: String { detail }
}

extension ZorBAError {
  /// The kind of the fault on the wire underneath, if there is one.
  package var wireFault: WireFault.Kind? { (cause as? WireFault)?.kind }

  /// An error of the wire: the fault as a sentence, and what the layer underneath said.
  static func wire(
    _ kind: WireFault.Kind, _ message: String, detail: String = "", advice: String? = nil
  ) -> ZorBAError {
    let code: Code =
      switch kind {
      case .refusedByPeer, .peerRefused, .permissionDenied: .refused
      case .protocolViolation: .invalidData
      case .unreachable, .exhausted, .failed: .inputOutput
      }
    return ZorBAError(
      code, message, advice: advice,
      cause: WireFault(kind, detail.isEmpty ? kind.rawValue : detail.excerpt(limit: 300)))
  }
}
