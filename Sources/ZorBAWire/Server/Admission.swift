import GRPCCore
import ZorBADiagnostics

/// Judges who calls before a call is handled, and says why it failed after.
struct Admission: Sendable {
  var registry: ConnectionRegistry
  var credentials: ServerCredentials
  var log: @Sendable (WireEvent) -> Void

  /// Runs the body of a call for a peer that may make it.
  ///
  /// - Throws: The status that the peer sees: the reason of a refusal, or what the body threw.
  func serve<Answer>(
    _ context: ServerContext, only role: PeerIdentity.Role,
    _ body: (WirePeer, ServerConnection) async throws -> Answer
  ) async throws(RPCError) -> Answer {
    let call = context.descriptor.method
    guard let connection = registry.connection(from: context.remotePeer),
      let leaf = connection.leaf
    else {
      throw refusal(context, nil, .unauthenticated, "the connection shows no certificate")
    }
    let identity: PeerIdentity
    do {
      identity = try credentials.security.admit(leaf)
    } catch {
      let reason = (error as? ZorBAError)?.message ?? "the certificate is not accepted"
      throw refusal(context, nil, .unauthenticated, reason)
    }
    guard identity.role == role else {
      throw refusal(
        context, identity, .permissionDenied,
        "\(call) is open to certificates of \(role.rawValue)s, this is one of "
          + (identity.role == .operator ? "an operator" : "a \(identity.role.rawValue)"))
    }
    registry.identify(connection, as: identity)
    do {
      return try await body(WirePeer(identity, on: connection), connection)
    } catch {
      let status = CallFailure.status(of: error)
      log(
        .failed(
          address: context.remotePeer, peer: identity, call: call,
          reason: Self.text(error).excerpt(limit: 300)))
      throw status
    }
  }

  /// An error for the log, with what the transport found underneath: that a message is too large, for
  /// one.
  private static func text(_ error: any Error) -> String {
    guard let cause = (error as? RPCError)?.cause else { return String(describing: error) }
    return "\(error): \(cause)"
  }

  private func refusal(
    _ context: ServerContext, _ peer: PeerIdentity?, _ code: RPCError.Code, _ reason: String
  ) -> RPCError {
    log(
      .refused(
        address: context.remotePeer, peer: peer, call: context.descriptor.method, reason: reason))
    return RPCError(code: code, message: reason)
  }
}
