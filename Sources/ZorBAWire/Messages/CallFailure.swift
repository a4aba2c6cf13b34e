import GRPCCore
import NIOCore
import ZorBADiagnostics

/// How an error crosses the wire: a gRPC status with the sentence, and the code in the trailers.
enum CallFailure {
  private static let codeKey = "zorba-code"

  private static let codes: [(ZorBAError.Code, RPCError.Code)] = [
    (.invalidConfiguration, .invalidArgument),
    (.invalidData, .invalidArgument),
    (.invalidModel, .failedPrecondition),
    (.unsupportedModel, .failedPrecondition),
    (.invalidJournal, .failedPrecondition),
    (.inputOutput, .internalError),
    (.diverged, .failedPrecondition),
    (.refused, .permissionDenied),
    (.interrupted, .unavailable),
  ]

  /// The status that tells a peer of an error.
  ///
  /// Only the place within the protocol or a run file is told, never a path of this machine or the
  /// error underneath.
  static func status(of error: any Error) -> RPCError {
    if let error = error as? RPCError { return error }
    guard let error = error as? ZorBAError else {
      return error is CancellationError
        ? RPCError(code: .unavailable, message: "the coordinator ended the call")
        : RPCError(code: .internalError, message: "the coordinator failed at the call")
    }
    var text = error.message
    if let field = error.location.field { text = "\(field): \(text)" }
    if let advice = error.advice { text += "\n\(advice)" }
    let code = codes.first { $0.0 == error.code }?.1 ?? .unknown
    var metadata = Metadata()
    metadata.addString(error.code.description, forKey: codeKey)
    // The status travels in a header, percent-encoded at worst three bytes for one.
    return RPCError(code: code, message: text.limited(to: 2000), metadata: metadata)
  }

  /// The error that a status of the peer's tells of.
  ///
  /// - Parameters:
  ///   - peer: The peer's address as the user wrote it.
  ///   - broken: What ended the connection, if it is known.
  static func error(of failure: any Error, peer: String, broken: ZorBAError?) -> any Error {
    guard let status = failure as? RPCError else {
      // What the transport throws below gRPC; anything else is the caller's own.
      guard failure is ChannelError || failure is IOError || failure is NIOAsyncWriterError else {
        return failure
      }
      return broken
        ?? ZorBAError.wire(
          .unreachable, "the connection to \(peer) broke", detail: String(describing: failure))
    }
    // The first line is the fault, the second the advice; no other control reaches a terminal.
    let lines = status.message.split(separator: "\n", maxSplits: 1).map { $0.excerpt(limit: 1000) }
    let sentence = lines.first ?? "no reason given"
    if let name = status.metadata[stringValues: codeKey].first(where: { _ in true }),
      let code = codes.first(where: { $0.0.description == name })?.0
    {
      let kind: WireFault.Kind = code == .refused ? .permissionDenied : .failed
      return ZorBAError(
        code, sentence, advice: lines.dropFirst().first,
        cause: WireFault(kind, "\(peer) says so"))
    }
    switch status.code {
    case .permissionDenied, .unauthenticated:
      return ZorBAError.wire(.permissionDenied, sentence, detail: "\(peer) says so")
    case .unavailable, .cancelled, .aborted:
      return broken
        ?? ZorBAError.wire(.unreachable, "the connection to \(peer) broke", detail: sentence)
    case .deadlineExceeded:
      return ZorBAError.wire(.unreachable, "\(peer) did not answer in time", detail: sentence)
    case .resourceExhausted:
      return ZorBAError.wire(.exhausted, "a bound was reached at \(peer)", detail: sentence)
    case .unimplemented, .outOfRange, .dataLoss, .invalidArgument:
      return ZorBAError.wire(
        .protocolViolation, "\(peer) does not understand the call", detail: sentence,
        advice: "Compare the versions of both sides.")
    default:
      return broken ?? ZorBAError.wire(.failed, "\(peer) failed at the call", detail: sentence)
    }
  }
}

extension String {
  /// The text, cut after so many bytes of UTF-8 at most.
  fileprivate func limited(to bytes: Int) -> String {
    guard utf8.count > bytes else { return self }
    var text = ""
    var count = 0
    for scalar in unicodeScalars {
      count += UTF8.width(scalar)
      if count > bytes { break }
      text.unicodeScalars.append(scalar)
    }
    return text + "…"
  }
}
