import GRPCCore
import GRPCNIOTransportHTTP2Posix
import SwiftProtobuf
import Synchronization
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

/// A connection to a coordinator that both sides accepted.
package struct WireConnection: Sendable {
  /// The coordinator, as its certificate says.
  package let coordinator: PeerIdentity
  let peer: String
  let counter: ByteCounter
  let limits: WireLimits
  let client: GRPCClient<HTTP2ClientTransport.WrappedChannel>
  let writes: StalledWrites
  let handshake: ClientHandshake

  /// What passed over this connection so far.
  package var traffic: Traffic { counter.traffic }

  /// Takes part in a run until the body returns or the coordinator ends the stream.
  ///
  /// The stream has ended when `inbound` has: a refusal, like any other end by the coordinator with
  /// a reason, is thrown there as that reason.
  package func participate<Answer: Sendable>(
    _ body:
      @Sendable @escaping (
        _ inbound: ValidatedMessages<Zorba_V1_CoordinatorMessage>,
        _ outbound: WireWriter<Zorba_V1_SiteMessage>
      ) async throws -> Answer
  ) async throws -> Answer {
    // gRPC writes in one closure and reads in another; the body does both. The writing closure
    // hands its writer over and stays until the body is done.
    let (writers, handOver) = AsyncStream<RPCWriter<Zorba_V1_SiteMessage>>.makeStream()
    let (done, finish) = AsyncStream<Never>.makeStream()
    return try await translated {
      try await federation.participate(options: options(timeout: nil)) { writer in
        handOver.yield(writer)
        handOver.finish()
        for await _ in done {}
      } onResponse: { response in
        defer { finish.finish() }
        let messages = ValidatedMessages(
          response.messages, limits: limits, translate: translate)
        var iterator = writers.makeAsyncIterator()
        guard let writer = await iterator.next() else { throw CancellationError() }
        let answer = try await body(
          messages, WireWriter(writer, limits: limits, writes: writes, translate: translate))
        // Streams end in order: one that is reset while its frames are under way can, among many,
        // take the connection with it, and looks like a failure to the peer.
        finish.finish()
        await messages.drain(within: limits.endTimeout)
        return answer
      }
    }
  }

  /// Fetches the journal of a run from an offset, piece by piece.
  package func fetchJournal(
    _ request: Zorba_V1_FetchJournalRequest,
    _ take: @Sendable @escaping (_ piece: Data) async throws -> Void
  ) async throws {
    try request.validate(within: limits)
    try await translated {
      try await federation.fetchJournal(request, options: options(timeout: nil)) { response in
        for try await piece in ValidatedMessages(
          response.messages, limits: limits, translate: translate)
        {
          try await take(piece.data)
        }
      }
    }
  }

  /// Lists the files of a base model or a snapshot.
  package func describeModel(
    _ request: Zorba_V1_DescribeModelRequest
  ) async throws -> Zorba_V1_DescribeModelResponse {
    try await call(request) { try await federation.describeModel(request, options: $0) }
  }

  /// Fetches one of these files from an offset, piece by piece.
  package func fetchModel(
    _ request: Zorba_V1_FetchModelRequest,
    _ take: @Sendable @escaping (_ piece: Data) async throws -> Void
  ) async throws {
    try request.validate(within: limits)
    try await translated {
      try await federation.fetchModel(request, options: options(timeout: nil)) { response in
        for try await piece in ValidatedMessages(
          response.messages, limits: limits, translate: translate)
        {
          try await take(piece.data)
        }
      }
    }
  }

  /// Uploads an update, from the declared offset on.
  ///
  /// - Parameter body: Sends the pieces in order; sends none to hear only what is held already.
  /// - Returns: Bytes of the update that the coordinator holds now.
  package func uploadUpdate(
    _ declaration: Zorba_V1_UpdateDeclaration,
    _ body:
      @Sendable @escaping (_ send: @Sendable (_ piece: Data) async throws -> Void) async throws ->
      Void
  ) async throws -> UInt64 {
    // Of a body that fails the peer hears only that the call ended.
    let own = Mutex<(any Error)?>(nil)
    let response: Zorba_V1_UploadUpdateResponse
    do {
      response = try await translated {
        try await federation.uploadUpdate(options: options(timeout: nil)) { writer in
          let pieces = WireWriter(writer, limits: limits, writes: writes, translate: translate)
          do {
            try await pieces.send(.with { $0.declaration = declaration })
            try await body { piece in try await pieces.send(.with { $0.piece = piece }) }
          } catch {
            own.withLock { $0 = error }
            throw error
          }
        } onResponse: {
          try $0.message
        }
      }
    } catch {
      if let fault = own.withLock({ $0 }) as? ZorBAError, fault.wireFault == nil { throw fault }
      throw error
    }
    try response.validate(within: limits)
    return response.held
  }

  /// Asks for a fresh certificate for the own identity.
  package func renewCertificate(
    _ request: Zorba_V1_RenewCertificateRequest
  ) async throws -> Zorba_V1_RenewCertificateResponse {
    try await call(request) { try await federation.renewCertificate(request, options: $0) }
  }

  private var federation: Zorba_V1_Federation.Client<HTTP2ClientTransport.WrappedChannel> {
    Zorba_V1_Federation.Client(wrapping: client)
  }
}

extension WireConnection {
  /// A call with one answer: both are checked, and errors are told as sentences.
  func call<Request: WireMessage, Response: WireMessage>(
    _ request: Request, _ call: (CallOptions) async throws -> Response
  ) async throws -> Response {
    try request.validate(within: limits)
    let response = try await translated { try await call(options(timeout: limits.callTimeout)) }
    try response.validate(within: limits)
    return response
  }

  private func options(timeout: Duration?) -> CallOptions {
    var options = CallOptions.defaults
    options.timeout = timeout
    // The transport bounds what comes in by the first of these too.
    options.maxRequestMessageBytes = limits.maximumMessageBytes
    options.maxResponseMessageBytes = limits.maximumMessageBytes
    return options
  }

  private func translated<Answer>(
    _ body: () async throws -> Answer
  ) async throws -> Answer {
    do {
      return try await body()
    } catch {
      throw translate(error)
    }
  }

  private var translate: @Sendable (any Error) -> any Error {
    { CallFailure.error(of: $0, peer: peer, broken: handshake.end) }
  }
}
