import Logging
import SwiftProtobuf
import ZorBA
import ZorBAAudit
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAJSON
package import ZorBAWire

/// What operators ask of the coordinator: every call of the wire's Administration service.
package struct AdministrationDesk: AdministrationHandler {
  private let coordinator: Coordinator

  package init(_ coordinator: Coordinator) { self.coordinator = coordinator }

  package func listRuns(
    _ peer: WirePeer, _ request: Zorba_V1_ListRunsRequest
  ) async throws -> Zorba_V1_ListRunsResponse {
    _ = try permit(peer, .viewer, "list runs", "")
    let runs = try await coordinator.statuses
    return .with { $0.runs = runs }
  }

  package func startRun(
    _ peer: WirePeer, _ request: Zorba_V1_StartRunRequest
  ) async throws -> Zorba_V1_StartRunResponse {
    let actor = try permit(peer, .operator, "start", request.name)
    let configuration = try RunFile.parse(request.runFile, file: "\(request.name).yaml")
    try await coordinator.admit(configuration, named: request.name, by: actor)
    let status = try await coordinator.status(named: request.name)
    return .with { $0.run = status }
  }

  package func controlRun(
    _ peer: WirePeer, _ request: Zorba_V1_ControlRunRequest
  ) async throws -> Zorba_V1_ControlRunResponse {
    try permit(
      peer, .operator, "\(request.action)", request.run, ["reason": .string(request.reason)])
    let host = try await coordinator.run(named: request.run)
    let who = "\(peer.identity)"
    let reason = request.reason.isEmpty ? "asked by \(who)" : "\(request.reason) (\(who))"
    switch request.action {
    case .pause: await host.pause(reason: reason)
    case .resume: await host.resume()
    case .stop: await host.stop(reason: reason)
    case .unspecified, .UNRECOGNIZED:
      throw ZorBAError(
        .invalidData, "the action is unknown to this coordinator", at: .init(field: "action"),
        advice: "Upgrade the coordinator.")
    }
    let status = try await coordinator.status(named: request.run)
    return .with { $0.run = status }
  }

  package func rollBackRun(
    _ peer: WirePeer, _ request: Zorba_V1_RollBackRunRequest
  ) async throws -> Zorba_V1_RollBackRunResponse {
    try permit(
      peer, .operator, "roll back", request.run, ["to": .integer(Int(clamping: request.round))])
    let host = try await coordinator.run(named: request.run)
    try await host.rollBack(to: Int(clamping: request.round))
    let status = try await coordinator.status(named: request.run)
    return .with { $0.run = status }
  }

  package func branchRun(
    _ peer: WirePeer, _ request: Zorba_V1_BranchRunRequest
  ) async throws -> Zorba_V1_BranchRunResponse {
    let actor = try permit(
      peer, .operator, "branch", request.run,
      ["at": .integer(Int(clamping: request.round)), "to": .string(request.name)])
    try await coordinator.branch(
      request.run, at: Int(clamping: request.round), to: request.name,
      overrides: request.overrides, by: actor)
    let status = try await coordinator.status(named: request.name)
    return .with { $0.run = status }
  }

  package func listSites(
    _ peer: WirePeer, _ request: Zorba_V1_ListSitesRequest
  ) async throws -> Zorba_V1_ListSitesResponse {
    _ = try permit(peer, .viewer, "list sites", request.run)
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
    try permit(peer, .operator, "readmit", request.run, ["site": .string(request.site)])
    try await coordinator.run(named: request.run).readmit(site: request.site)
    return .init()
  }

  package func approveRun(
    _ peer: WirePeer, _ request: Zorba_V1_ApproveRunRequest
  ) async throws -> Zorba_V1_ApproveRunResponse {
    let actor = try permit(
      peer, .approver, "approve", request.run, ["digest": .string(request.digest)])
    try await coordinator.approve(request.run, digest: request.digest, by: actor)
    let status = try await coordinator.status(named: request.run)
    return .with { $0.run = status }
  }

  /// Looks whether somebody may do something, and records that they are about to.
  ///
  /// - Returns: Their URI.
  /// - Throws: `ZorBAError` with code `refused`; `inputOutput` when the act cannot be recorded, and is
  ///   then not done.
  @discardableResult
  private func permit(
    _ peer: WirePeer, _ role: OperatorRole, _ act: String, _ run: String,
    _ detail: KeyValuePairs<String, JSONValue> = [:]
  ) throws -> String {
    let actor = peer.identity.uri(in: coordinator.federation)
    var entry = AuditEntry(
      .operatorActed, by: actor, run: run.isEmpty ? nil : run, detail: ["act": .string(act)])
    for (key, value) in detail { _ = entry.detail.append(.init(key: key, value: value)) }
    guard try coordinator.options.access.rules().allows(peer.identity.name, role) else {
      entry.what = .operatorRefused
      // Whoever comes this far is an enrolled operator, and strangers must not be able to hide it.
      coordinator.audit?.note(entry)
      throw ZorBAError(
        .refused, "\(actor) has not the role \(role.rawValue), which '\(act)' needs",
        advice: "Whoever keeps the coordinator gives roles, in the file named by --access.")
    }
    // Looking changes nothing and is done every few seconds.
    guard role != .viewer else { return actor }
    coordinator.log.notice(
      "operator", metadata: ["who": "\(actor)", "what": "\(act)", "run": "\(run)"])
    try coordinator.audit?.record(entry)
    return actor
  }
}
