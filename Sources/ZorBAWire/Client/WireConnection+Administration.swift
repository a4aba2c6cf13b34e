import GRPCNIOTransportHTTP2Posix

/// The calls of operators.
extension WireConnection {
  package func listRuns(
    _ request: Zorba_V1_ListRunsRequest
  ) async throws -> Zorba_V1_ListRunsResponse {
    try await call(request) { try await administration.listRuns(request, options: $0) }
  }

  package func startRun(
    _ request: Zorba_V1_StartRunRequest
  ) async throws -> Zorba_V1_StartRunResponse {
    try await call(request) { try await administration.startRun(request, options: $0) }
  }

  package func controlRun(
    _ request: Zorba_V1_ControlRunRequest
  ) async throws -> Zorba_V1_ControlRunResponse {
    try await call(request) { try await administration.controlRun(request, options: $0) }
  }

  package func rollBackRun(
    _ request: Zorba_V1_RollBackRunRequest
  ) async throws -> Zorba_V1_RollBackRunResponse {
    try await call(request) { try await administration.rollBackRun(request, options: $0) }
  }

  package func branchRun(
    _ request: Zorba_V1_BranchRunRequest
  ) async throws -> Zorba_V1_BranchRunResponse {
    try await call(request) { try await administration.branchRun(request, options: $0) }
  }

  package func listSites(
    _ request: Zorba_V1_ListSitesRequest
  ) async throws -> Zorba_V1_ListSitesResponse {
    try await call(request) { try await administration.listSites(request, options: $0) }
  }

  package func readmitSite(
    _ request: Zorba_V1_ReadmitSiteRequest
  ) async throws -> Zorba_V1_ReadmitSiteResponse {
    try await call(request) { try await administration.readmitSite(request, options: $0) }
  }

  package func approveRun(
    _ request: Zorba_V1_ApproveRunRequest
  ) async throws -> Zorba_V1_ApproveRunResponse {
    try await call(request) { try await administration.approveRun(request, options: $0) }
  }

  private var administration: Zorba_V1_Administration.Client<HTTP2ClientTransport.WrappedChannel> {
    Zorba_V1_Administration.Client(wrapping: client)
  }
}
