import Logging
import SwiftProtobuf
import ZorBA
import ZorBAConfiguration
import ZorBADiagnostics
package import ZorBAWire

/// What operators ask of the coordinator: every call of the wire's Administration service.
package struct AdministrationDesk: AdministrationHandler {
  private let coordinator: Coordinator

  package init(_ coordinator: Coordinator) { self.coordinator = coordinator }

  package func listRuns(
    _ peer: WirePeer, _ request: Zorba_V1_ListRunsRequest
  ) async throws -> Zorba_V1_ListRunsResponse {
    var runs: [Zorba_V1_RunStatus] = []
    for host in await coordinator.runs { runs.append(await host.status) }
    return .with { $0.runs = runs }
  }

  package func startRun(
    _ peer: WirePeer, _ request: Zorba_V1_StartRunRequest
  ) async throws -> Zorba_V1_StartRunResponse {
    note(peer, "start", request.name)
    let configuration = try RunFile.parse(request.runFile, file: "\(request.name).yaml")
    let host = try await coordinator.open(configuration, named: request.name)
    let status = await host.status
    return .with { $0.run = status }
  }

  package func controlRun(
    _ peer: WirePeer, _ request: Zorba_V1_ControlRunRequest
  ) async throws -> Zorba_V1_ControlRunResponse {
    let host = try await coordinator.run(named: request.run)
    let who = "\(peer.identity)"
    let reason = request.reason.isEmpty ? "asked by \(who)" : "\(request.reason) (\(who))"
    note(peer, "\(request.action)", request.run)
    switch request.action {
    case .pause: await host.pause(reason: reason)
    case .resume: await host.resume()
    case .stop: await host.stop(reason: reason)
    case .unspecified, .UNRECOGNIZED:
      throw ZorBAError(
        .invalidData, "the action is unknown to this coordinator", at: .init(field: "action"),
        advice: "Upgrade the coordinator.")
    }
    let status = await host.status
    return .with { $0.run = status }
  }

  package func rollBackRun(
    _ peer: WirePeer, _ request: Zorba_V1_RollBackRunRequest
  ) async throws -> Zorba_V1_RollBackRunResponse {
    note(peer, "roll back to \(request.round)", request.run)
    let host = try await coordinator.run(named: request.run)
    try await host.rollBack(to: Int(clamping: request.round))
    let status = await host.status
    return .with { $0.run = status }
  }

  package func branchRun(
    _ peer: WirePeer, _ request: Zorba_V1_BranchRunRequest
  ) async throws -> Zorba_V1_BranchRunResponse {
    note(peer, "branch at \(request.round) to \(request.name)", request.run)
    let host = try await coordinator.branch(
      request.run, at: Int(clamping: request.round), to: request.name,
      overrides: request.overrides)
    let status = await host.status
    return .with { $0.run = status }
  }

  package func listSites(
    _ peer: WirePeer, _ request: Zorba_V1_ListSitesRequest
  ) async throws -> Zorba_V1_ListSitesResponse {
    let hosts =
      request.run.isEmpty
      ? await coordinator.runs : [try await coordinator.run(named: request.run)]
    var sites: [Zorba_V1_SiteStatus] = []
    for host in hosts { sites += await host.siteStatuses }
    return .with { $0.sites = sites }
  }

  package func readmitSite(
    _ peer: WirePeer, _ request: Zorba_V1_ReadmitSiteRequest
  ) async throws -> Zorba_V1_ReadmitSiteResponse {
    note(peer, "readmit \(request.site)", request.run)
    try await coordinator.run(named: request.run).readmit(site: request.site)
    return .init()
  }

  private func note(_ peer: WirePeer, _ what: String, _ run: String) {
    coordinator.log.notice(
      "operator", metadata: ["who": "\(peer.identity)", "what": "\(what)", "run": "\(run)"])
  }
}
