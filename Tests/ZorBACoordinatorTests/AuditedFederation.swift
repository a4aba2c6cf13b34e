import SwiftProtobuf
import ZorBA
import ZorBAAudit
import ZorBAAuditIdentity
import ZorBAFiles
import ZorBAIdentity
import ZorBASite
import ZorBAWire

@testable import ZorBACoordinator

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A federation whose coordinator and sites keep audit logs, with operators of every role.
final class AuditedFederation: Sendable {
  let federation: LoopbackFederation
  let trail: AuditTrail
  var folder: TemporaryFolder { federation.folder }
  var log: LogFiles { LogFiles(folder.path("state/audit.jsonl")) }

  /// - Parameter access: The rules; nil for a coordinator without a file.
  init(
    sites: Int = 2, access: String?, calls: FileSystemCalls = .system,
    change: (inout RunConfiguration) -> Void = { _ in }
  ) throws {
    federation = try LoopbackFederation(sites: sites) {
      $0.rounds = 3
      change(&$0)
    }
    for name in ["bob", "carol", "dave", "eve"] {
      try federation.authority.provision(
        folder: federation.folder.path("operator-\(name)"),
        principal: Principal(
          federation: LoopbackFederation.name, role: .operator, name: name), now: Date())
    }
    if let access { try federation.folder.write(access, to: "access.yaml") }
    var options = AuditLog.Options()
    options.calls = calls
    trail = try AuditTrail(
      path: federation.folder.path("state/audit.jsonl"),
      keeper: IdentityKeeper(IdentityFolder(federation.folder.path("identity")).load()),
      options: options)
  }

  func coordinator(opening: Bool = false) async throws -> CoordinatorUnderTest {
    let path = folder.path("access.yaml")
    let hasRules = FileManager.default.fileExists(atPath: path)
    let trail = trail
    return try await federation.coordinator(opening: opening) {
      $0.access = AccessFile(path: hasRules ? path : nil)
      $0.runs.audit = trail
    }
  }

  /// A site's agent with a log of its own.
  func agent(_ number: Int, policy: [String: String] = [:]) async throws -> AgentUnderTest {
    let site = federation.sites[number - 1]
    let audit = try AuditTrail(
      path: folder.path("\(site)/state/audit.jsonl"),
      keeper: IdentityKeeper(IdentityFolder(folder.path("\(site)/identity")).load()))
    return try await federation.agent(number, policy: policy) { $0.audit = audit }
  }

  func start(as identity: String) async throws -> Zorba_V1_RunStatus {
    let text = federation.coordinated.yamlText
    return try await federation.connected(as: identity) {
      try await $0.startRun(
        .with {
          $0.name = "trial"
          $0.runFile = text
        }
      ).run
    }
  }

  func approve(_ digest: String, as identity: String) async throws -> Zorba_V1_RunStatus {
    try await federation.connected(as: identity) {
      try await $0.approveRun(
        .with {
          $0.run = "trial"
          $0.digest = digest
        }
      ).run
    }
  }

  func status(as identity: String = "operator") async throws -> [Zorba_V1_RunStatus] {
    try await federation.connected(as: identity) { try await $0.listRuns(.init()).runs }
  }

  /// The kinds of records of the coordinator's log, in order.
  func kinds(of run: String? = "trial") throws -> [AuditKind] {
    try records().filter { run == nil || $0.entry.run == run }.map(\.entry.what)
  }

  func records(_ files: LogFiles? = nil) throws -> [AuditRecord] {
    var records: [AuditRecord] = []
    _ = try AuditVerifier.verify((files ?? log).all) { record, _, _ in records.append(record) }
    return records
  }
}
