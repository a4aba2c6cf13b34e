import GRPCCore

/// The calls of operators, admitted and validated before the handler sees them.
struct AdministrationService: Zorba_V1_Administration.SimpleServiceProtocol {
  var admission: Admission
  var limits: WireLimits
  var handler: any AdministrationHandler

  func listRuns(
    request: Zorba_V1_ListRunsRequest, context: ServerContext
  ) async throws -> Zorba_V1_ListRunsResponse {
    try await serve(request, context, handler.listRuns)
  }

  func startRun(
    request: Zorba_V1_StartRunRequest, context: ServerContext
  ) async throws -> Zorba_V1_StartRunResponse {
    try await serve(request, context, handler.startRun)
  }

  func controlRun(
    request: Zorba_V1_ControlRunRequest, context: ServerContext
  ) async throws -> Zorba_V1_ControlRunResponse {
    try await serve(request, context, handler.controlRun)
  }

  func rollBackRun(
    request: Zorba_V1_RollBackRunRequest, context: ServerContext
  ) async throws -> Zorba_V1_RollBackRunResponse {
    try await serve(request, context, handler.rollBackRun)
  }

  func branchRun(
    request: Zorba_V1_BranchRunRequest, context: ServerContext
  ) async throws -> Zorba_V1_BranchRunResponse {
    try await serve(request, context, handler.branchRun)
  }

  func listSites(
    request: Zorba_V1_ListSitesRequest, context: ServerContext
  ) async throws -> Zorba_V1_ListSitesResponse {
    try await serve(request, context, handler.listSites)
  }

  func readmitSite(
    request: Zorba_V1_ReadmitSiteRequest, context: ServerContext
  ) async throws -> Zorba_V1_ReadmitSiteResponse {
    try await serve(request, context, handler.readmitSite)
  }

  func approveRun(
    request: Zorba_V1_ApproveRunRequest, context: ServerContext
  ) async throws -> Zorba_V1_ApproveRunResponse {
    try await serve(request, context, handler.approveRun)
  }

  private func serve<Request: WireMessage, Response>(
    _ request: Request, _ context: ServerContext,
    _ call: (WirePeer, Request) async throws -> Response
  ) async throws -> Response {
    try await admission.serve(context, only: .operator) { peer, _ in
      try request.validate(within: limits)
      return try await call(peer, request)
    }
  }
}
