import GRPCCore

/// The calls of sites, admitted and validated before the handler sees them.
struct FederationService: Zorba_V1_Federation.SimpleServiceProtocol {
  var admission: Admission
  var limits: WireLimits
  var handler: any FederationHandler

  func participate(
    request: RPCAsyncSequence<Zorba_V1_SiteMessage, any Error>,
    response: RPCWriter<Zorba_V1_CoordinatorMessage>, context: ServerContext
  ) async throws {
    try await admission.serve(context, only: .site) { peer, connection in
      try await handler.participate(
        peer, inbound: ValidatedMessages(request, limits: limits),
        outbound: WireWriter(response, limits: limits, writes: connection.writes))
    }
  }

  func fetchJournal(
    request: Zorba_V1_FetchJournalRequest, response: RPCWriter<Zorba_V1_FetchJournalResponse>,
    context: ServerContext
  ) async throws {
    try await admission.serve(context, only: .site) { peer, connection in
      try request.validate(within: limits)
      try await handler.fetchJournal(
        peer, request,
        outbound: WireWriter(response, limits: limits, writes: connection.writes))
    }
  }

  func describeModel(
    request: Zorba_V1_DescribeModelRequest, context: ServerContext
  ) async throws -> Zorba_V1_DescribeModelResponse {
    try await admission.serve(context, only: .site) { peer, _ in
      try request.validate(within: limits)
      return try await handler.describeModel(peer, request)
    }
  }

  func fetchModel(
    request: Zorba_V1_FetchModelRequest, response: RPCWriter<Zorba_V1_FetchModelResponse>,
    context: ServerContext
  ) async throws {
    try await admission.serve(context, only: .site) { peer, connection in
      try request.validate(within: limits)
      try await handler.fetchModel(
        peer, request,
        outbound: WireWriter(response, limits: limits, writes: connection.writes))
    }
  }

  func uploadUpdate(
    request: RPCAsyncSequence<Zorba_V1_UploadUpdateRequest, any Error>, context: ServerContext
  ) async throws -> Zorba_V1_UploadUpdateResponse {
    try await admission.serve(context, only: .site) { peer, _ in
      try await handler.uploadUpdate(
        peer, inbound: ValidatedMessages(request, limits: limits))
    }
  }

  func renewCertificate(
    request: Zorba_V1_RenewCertificateRequest, context: ServerContext
  ) async throws -> Zorba_V1_RenewCertificateResponse {
    try await admission.serve(context, only: .site) { peer, _ in
      try request.validate(within: limits)
      return try await handler.renewCertificate(peer, request)
    }
  }
}
