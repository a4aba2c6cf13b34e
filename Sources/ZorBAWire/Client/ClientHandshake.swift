import NIOCore
import NIOSSL
import Synchronization
import ZorBADiagnostics

/// How a client's connection comes about and ends, as sentences.
///
/// In TLS 1.3 a client's handshake ends before the server has judged the client's certificate. The
/// connection stands only when the first bytes of the server's have come through.
final class ClientHandshake: Sendable, ConnectionObserver {
  private struct State {
    var channel: (any Channel)?
    var chainIsRefused = false
    var admission: Result<PeerIdentity, any Error>?
    var end: ZorBAError?
  }

  private let peer: String
  private let security: ConnectionSecurity
  private let established: EventLoopPromise<PeerIdentity>
  private let state = Mutex(State())

  init(peer: String, security: ConnectionSecurity, eventLoop: any EventLoop) {
    self.peer = peer
    self.security = security
    established = eventLoop.makePromise()
  }

  /// The peer's identity, once both sides accepted each other.
  func identity() async throws -> PeerIdentity {
    try await withTaskCancellationHandler {
      try await established.futureResult.get()
    } onCancel: {
      state.withLock { $0.channel }?.closeAtOnce()
    }
  }

  /// Why the connection ended, once it has.
  var end: ZorBAError? { state.withLock { $0.end } }

  /// The check of the server's chain; remembers whether it failed.
  var verification: NIOSSLCustomVerificationCallback {
    { certificates, promise in
      let chain = try? certificates.map { try $0.toDERBytes() }
      let isGood = chain.map { !$0.isEmpty && self.security.verifyChain($0) } ?? false
      if !isGood { self.state.withLock { $0.chainIsRefused = true } }
      promise.succeed(isGood ? .certificateVerified : .failed)
    }
  }

  // MARK: ConnectionObserver

  func opened(_ channel: any Channel) { state.withLock { $0.channel = channel } }

  func secured(leaf: [UInt8]) throws {
    let admission = Result {
      let identity = try security.admit(leaf)
      guard identity.role == .coordinator else {
        throw ZorBAError(.refused, "it is the certificate of the \(identity)")
      }
      return identity
    }
    state.withLock { $0.admission = admission }
    _ = try admission.get()
  }

  func heard() {
    if case .success(let identity)? = state.withLock({ $0.admission }) {
      established.succeed(identity)
    }
  }

  func closed(_ reason: (any Error)?) {
    let end = state.withLock { state in
      let end = sentence(reason, state)
      state.end = end
      state.channel = nil
      return end
    }
    established.fail(end)
  }

  private func sentence(_ reason: (any Error)?, _ state: State) -> ZorBAError {
    let detail = reason.map { String(describing: $0) } ?? "it hung up"
    if state.chainIsRefused {
      return .wire(
        .peerRefused, "the certificate of \(peer) does not lead to this federation's authority",
        detail: Self.plain(detail), advice: "Check the address and the authority's certificate.")
    }
    if case .failure(let error)? = state.admission {
      let why = (error as? ZorBAError)?.message ?? String(describing: error)
      return .wire(
        .peerRefused, "the certificate of \(peer) is not accepted: \(why.excerpt(limit: 300))",
        detail: "identity", advice: "Check that the address is the coordinator's.")
    }
    // An alert is what the peer's TLS says; everything else in the stack is ours. Alerts that speak of
    // no certificate tell of bytes that a network spoiled, which another connection mends.
    if detail.contains("ALERT_"),
      ["CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED"].contains(where: detail.contains)
    {
      return .wire(
        .refusedByPeer, "\(peer) does not accept this side's certificate",
        detail: Self.plain(detail),
        advice: "Check that the certificate is of the coordinator's federation.")
    }
    switch reason {
    case ConnectionEnd.handshakeTimeout?:
      return .wire(.unreachable, "\(peer) does not answer the TLS handshake", detail: detail)
    case let end as ConnectionEnd where state.admission == nil:
      return .wire(
        .protocolViolation, "\(peer) does not speak this protocol over TLS 1.3", detail: "\(end)",
        advice: "Check the address and the port.")
    default: break
    }
    if state.admission == nil, detail.contains("SSL"), !detail.contains("EOF"),
      !detail.contains("uncleanShutdown")
    {
      return .wire(
        .protocolViolation, "\(peer) does not speak this protocol over TLS 1.3",
        detail: Self.plain(detail),
        advice: "Check the address and the port.")
    }
    return .wire(
      .unreachable, "the connection to \(peer) broke", detail: Self.plain(detail))
  }

  /// The name of a TLS fault without where it lies in the library's source.
  private static func plain(_ detail: String) -> String {
    guard let mark = detail.firstRange(of: "OPENSSL_internal:") else { return detail }
    return "TLS: "
      + detail[mark.upperBound...].prefix {
        $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")
      }
      .lowercased().replacing("_", with: " ")
  }
}
