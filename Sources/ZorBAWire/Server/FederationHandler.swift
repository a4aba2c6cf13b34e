/// What a coordinator does for sites; every peer was admitted as a site.
///
/// An error that a call throws ends it; a `ZorBAError` reaches the site as its sentence. A handler
/// that waits for nothing else must end when `inbound` does: then the site is gone.
package protocol FederationHandler: Sendable {
  /// Takes part in a run with the site until this returns.
  func participate(
    _ peer: WirePeer, inbound: ValidatedMessages<Zorba_V1_SiteMessage>,
    outbound: WireWriter<Zorba_V1_CoordinatorMessage>
  ) async throws

  /// Sends the journal of a run from an offset.
  func fetchJournal(
    _ peer: WirePeer, _ request: Zorba_V1_FetchJournalRequest,
    outbound: WireWriter<Zorba_V1_FetchJournalResponse>
  ) async throws

  /// Lists the files of a base model or a snapshot.
  func describeModel(
    _ peer: WirePeer, _ request: Zorba_V1_DescribeModelRequest
  ) async throws -> Zorba_V1_DescribeModelResponse

  /// Sends one of these files from an offset.
  func fetchModel(
    _ peer: WirePeer, _ request: Zorba_V1_FetchModelRequest,
    outbound: WireWriter<Zorba_V1_FetchModelResponse>
  ) async throws

  /// Takes the update that the site answers an assignment with; the first message declares it.
  func uploadUpdate(
    _ peer: WirePeer, inbound: ValidatedMessages<Zorba_V1_UploadUpdateRequest>
  ) async throws -> Zorba_V1_UploadUpdateResponse

  /// Signs a fresh certificate for the peer's own identity.
  func renewCertificate(
    _ peer: WirePeer, _ request: Zorba_V1_RenewCertificateRequest
  ) async throws -> Zorba_V1_RenewCertificateResponse
}

/// What a coordinator does for operators; every peer was admitted as an operator.
package protocol AdministrationHandler: Sendable {
  func listRuns(
    _ peer: WirePeer, _ request: Zorba_V1_ListRunsRequest
  ) async throws -> Zorba_V1_ListRunsResponse
  func startRun(
    _ peer: WirePeer, _ request: Zorba_V1_StartRunRequest
  ) async throws -> Zorba_V1_StartRunResponse
  func controlRun(
    _ peer: WirePeer, _ request: Zorba_V1_ControlRunRequest
  ) async throws -> Zorba_V1_ControlRunResponse
  func rollBackRun(
    _ peer: WirePeer, _ request: Zorba_V1_RollBackRunRequest
  ) async throws -> Zorba_V1_RollBackRunResponse
  func branchRun(
    _ peer: WirePeer, _ request: Zorba_V1_BranchRunRequest
  ) async throws -> Zorba_V1_BranchRunResponse
  func listSites(
    _ peer: WirePeer, _ request: Zorba_V1_ListSitesRequest
  ) async throws -> Zorba_V1_ListSitesResponse
  func readmitSite(
    _ peer: WirePeer, _ request: Zorba_V1_ReadmitSiteRequest
  ) async throws -> Zorba_V1_ReadmitSiteResponse
  func approveRun(
    _ peer: WirePeer, _ request: Zorba_V1_ApproveRunRequest
  ) async throws -> Zorba_V1_ApproveRunResponse
}
