import SwiftProtobuf
package import ZorBA
import ZorBAAudit
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
package import ZorBAStore
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Runs that need somebody's approval before they begin.
extension Coordinator {
  /// What became of a run that was asked for.
  package enum Admitted: Sendable {
    case begun(RunHost)
    /// It waits for approvals of this digest.
    case waiting(digest: String, required: Int)
  }

  /// Approvals that a run needs: what its file says, or more where the coordinator demands it.
  func requiredApprovals(of configuration: RunConfiguration) throws -> Int {
    max(configuration.approvals.required, try options.access.rules().leastApprovals)
  }

  /// Takes up a run, or keeps it until it is approved.
  ///
  /// - Parameters:
  ///   - actor: Who asks: a certificate's URI, or `local` for this machine's user.
  ///   - least: Approvals that it needs whatever its file says, such as those of the run it branches
  ///     off.
  ///   - branch: Where it goes on from another run; nil is what was asked for under this name before,
  ///     or its base model.
  /// - Throws: `ZorBAError` when it is open or asked for already, or cannot be opened.
  @discardableResult
  package func admit(
    _ configuration: RunConfiguration, named name: String, by actor: String = AuditEntry.local,
    least: Int = 0, branch: StoredRequest.Branch? = nil
  ) throws -> Admitted {
    try checkFree(name)
    let required = max(least, try requiredApprovals(of: configuration))
    let known = try store.request(of: name)
    guard required > 0 || known != nil else {
      return .begun(try open(configuration, named: name, branch: branch, by: actor))
    }
    let blueprint = try blueprint(of: configuration, named: name)
    let digest = blueprint.specification
    if var known, known.digest == digest, branch == nil || branch == known.branch {
      known.required = max(known.required, required)
      if known.releasedAt != nil {
        if known.isApproved { return .begun(try open(configuration, named: name)) }
        // More must agree than had to when it began; nobody asked for it again.
        try recordRequest(known, of: blueprint, by: audit?.keeper ?? AuditEntry.local)
        known.releasedAt = nil
      }
      try store.save(known)
      requests[name] = RunRequest(blueprint: blueprint, stored: known)
      return try releaseIfApproved(name)
    }
    if let known, known.releasedAt == nil, known.requestedBy != actor,
      actor != AuditEntry.local
    {
      throw ZorBAError(
        .refused, "\(known.requestedBy) asked for another run '\(name)', which waits for approval",
        advice: "Give the new run another name.")
    }
    let request = StoredRequest(
      run: name, digest: digest, configuration: configuration.yamlText, requestedBy: actor,
      requestedAt: Date().timeIntervalSince1970, required: required, branch: branch)
    try recordRequest(request, of: blueprint, by: actor)
    try store.save(request)
    requests[name] = RunRequest(blueprint: blueprint, stored: request)
    return .waiting(digest: digest, required: required)
  }

  private func recordRequest(
    _ request: StoredRequest, of blueprint: RunBlueprint, by actor: String
  ) throws {
    var entry = AuditEntry(
      .runRequested, by: actor, run: request.run, digest: request.digest,
      detail: [
        "required": .integer(request.required),
        "sites": .array(blueprint.sites.map { .string($0) }),
      ])
    if let branch = request.branch {
      _ = entry.detail.append(.init(key: "branch_of", value: .string(branch.source)))
      _ = entry.detail.append(.init(key: "round", value: .integer(branch.round)))
    }
    try audit?.record(entry)
  }

  /// Agrees to a run; it begins when enough have.
  ///
  /// - Throws: `ZorBAError` when it does not wait, the digest is another one, or the approver asked
  ///   for it or approved already.
  func approve(_ name: String, digest: String, by approver: String) throws {
    guard var request = requests[name] else {
      throw ZorBAError(
        .invalidConfiguration, "no run '\(name.excerpt())' waits for approval",
        at: .init(field: "run"), advice: "'zorba admin status' lists the runs.")
    }
    try request.stored.check(digest: digest, approver: approver)
    try audit?.record(AuditEntry(.runApproved, by: approver, run: name, digest: digest))
    try store.approve(
      name, digest: digest,
      by: .init(approver: approver, time: Date().timeIntervalSince1970))
    request.stored = try store.request(of: name) ?? request.stored
    requests[name] = request
    try releaseIfApproved(name)
  }

  /// Begins a run that waits, if enough have agreed to it.
  @discardableResult
  private func releaseIfApproved(_ name: String) throws -> Admitted {
    guard var request = requests[name] else {
      throw ZorBAError(.invalidConfiguration, "no run '\(name)' waits for approval")
    }
    let required = try requiredApprovals(of: request.blueprint.configuration)
    if required > request.stored.required {
      // The coordinator demands more by now.
      request.stored.required = required
      try store.save(request.stored)
      requests[name] = request
    }
    let stored = request.stored
    guard stored.isApproved else {
      return .waiting(digest: stored.digest, required: stored.required)
    }
    if let branch = stored.branch { try journal(of: branch) }
    try audit?.record(
      AuditEntry(
        .runReleased, by: audit?.keeper ?? AuditEntry.local, run: name, digest: stored.digest,
        detail: ["approvers": .array(stored.approvals.map { .string($0.approver) })]))
    try store.release(name, at: Date().timeIntervalSince1970)
    let host = try open(
      request.blueprint.configuration, named: name, clearBecause: request.blueprint.clearBecause)
    requests[name] = nil
    return .begun(host)
  }

  /// Who agreed to a run, other than whoever asked for it.
  func approvals(of name: String) throws -> [RunProtection.Approval] {
    guard let request = try store.request(of: name) else { return [] }
    return request.approvals.filter { $0.approver != request.requestedBy }
      .map { .init(approver: $0.approver, time: $0.time) }
  }

  /// - Throws: `ZorBAError` with code `refused` unless a run needs no approvals, or was approved as it
  ///   is.
  func checkApproved(_ blueprint: RunBlueprint) throws {
    let required = try requiredApprovals(of: blueprint.configuration)
    let request = try store.request(of: blueprint.name)
    guard required > 0 || request != nil else { return }
    guard let request, request.digest == blueprint.specification, request.releasedAt != nil,
      request.isApproved, request.counted >= required
    else {
      throw ZorBAError(
        .refused,
        "run '\(blueprint.name)' is not approved; its digest is \(blueprint.specification)",
        advice: "Ask for it with 'zorba admin start', and others to approve it.")
    }
  }

  /// Takes up again what was asked for before a restart: runs that wait, and those that began and are
  /// not over.
  ///
  /// - Returns: What could not be taken up.
  package func restoreRequests() throws -> [(run: String, error: any Error)] {
    var faults: [(run: String, error: any Error)] = []
    for stored in try store.requests() where hosts[stored.run] == nil && requests[stored.run] == nil
    {
      let state = try store.run(named: stored.run)?.state
      if state == .finished || state == .stopped { continue }
      do {
        let configuration = try RunFile.parse(
          stored.configuration, file: "\(stored.run).yaml")
        try admit(configuration, named: stored.run, by: stored.requestedBy)
      } catch {
        faults.append((stored.run, error))
      }
    }
    return faults
  }

  /// Whether a run waits for somebody's approval.
  package var isAwaitingApproval: Bool { !requests.isEmpty }

  /// All runs for operators, those that wait included.
  var statuses: [Zorba_V1_RunStatus] {
    get async throws {
      var all = requests.values.map(Self.status)
      for host in runs { all.append(try await status(of: host)) }
      return all.sorted { $0.name < $1.name }
    }
  }

  /// A run for operators.
  func status(named name: String) async throws -> Zorba_V1_RunStatus {
    if let request = requests[name] { return Self.status(request) }
    return try await status(of: run(named: name))
  }

  private func status(of host: RunHost) async throws -> Zorba_V1_RunStatus {
    var status = await host.status
    status.digest = host.blueprint.specification
    if let request = try store.request(of: host.name) { Self.show(request, in: &status) }
    return status
  }

  private static func status(_ request: RunRequest) -> Zorba_V1_RunStatus {
    let stored = request.stored
    let configuration = request.blueprint.configuration
    var status = Zorba_V1_RunStatus.with {
      $0.name = stored.run
      $0.state = "awaiting_approval"
      $0.reason =
        "\(stored.counted) of \(stored.required) approvals of \(stored.digest)"
        + (stored.branch.map { "; it goes on from round \($0.round) of '\($0.source)'" } ?? "")
      $0.rounds = UInt64(configuration.rounds)
      $0.sites = UInt32(request.blueprint.sites.count)
      $0.loss = .nan
      $0.folder = configuration.out
      $0.digest = stored.digest
    }
    show(stored, in: &status)
    return status
  }

  private static func show(_ request: StoredRequest, in status: inout Zorba_V1_RunStatus) {
    status.approvalsRequired = UInt32(clamping: request.required)
    status.requestedBy = request.requestedBy
    status.approvals = request.approvals.map { approval in
      .with {
        $0.approver = approval.approver
        $0.time = approval.time
      }
    }
  }
}
