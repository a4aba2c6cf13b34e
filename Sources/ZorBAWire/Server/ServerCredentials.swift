import NIOSSL
import Synchronization

/// What the server shows and how it judges peers; replaced while it runs.
final class ServerCredentials: Sendable {
  private struct State {
    var security: ConnectionSecurity
    var context: NIOSSLContext
  }

  private let state: Mutex<State>

  init(_ security: ConnectionSecurity) throws {
    state = Mutex(State(security: security, context: try TLSContexts.server(security)))
  }

  /// Replaces both: new connections see the new certificate, and the calls of old ones too are
  /// judged by the new rules.
  func replace(_ security: ConnectionSecurity) throws {
    let context = try TLSContexts.server(security)
    state.withLock { $0 = State(security: security, context: context) }
  }

  /// The rules of now.
  var security: ConnectionSecurity { state.withLock { $0.security } }

  /// A handler for a connection that begins now.
  func makeHandler() -> NIOSSLServerHandler {
    let now = state.withLock { $0 }
    return NIOSSLServerHandler(
      context: now.context, customVerificationCallback: TLSContexts.verification(now.security))
  }
}
