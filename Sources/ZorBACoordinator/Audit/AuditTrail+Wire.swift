package import ZorBAAudit
import ZorBAJSON
package import ZorBAWire

extension AuditTrail {
  /// Records who was not let in.
  package func note(_ event: WireEvent, federation: String) {
    switch event {
    case .refused(let address, let peer, let call, let reason):
      noteStranger(
        AuditEntry(
          .identityRefused, by: peer.map { $0.uri(in: federation) } ?? "unknown",
          detail: [
            "address": .string(address), "call": .string(call), "reason": .string(reason),
          ]))
    case .handshakeFailed(let address, let reason):
      noteStranger(
        AuditEntry(
          .identityRefused, by: "unknown",
          detail: ["address": .string(address), "reason": .string(reason)]))
    case .listening, .turnedAway, .disconnected, .failed: break
    }
  }
}
